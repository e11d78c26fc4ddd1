"""Remove images of a node that nothing uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from bot.blocks import tick
from bot.errors import EngineError, Failed, SwarmbotError
from bot.model import Engine, Engines, Facts, FactsQuery, ImageFacts, Operation
from bot.swarm.services.spec.spec_words import short_image
from bot.swarm.services.unused_images import unused_images
from bot.text.sizes import about_size
from bot.text.suggest import listed, number_of

MAX_LISTED: Final = 10
"""The number of images of a node that a step names."""
ID_CHARS: Final = 12
"""How many digits of an id are shown of an image without a name, as Docker does."""
GONE, IN_USE = 404, 409


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """An image to be removed."""

    id: str
    names: tuple[str, ...]
    """All its names. If it has another one when the step begins, it stays."""

    @property
    def shown(self) -> str:
        """Its first name, or the beginning of its id."""
        return tick(short_image(self.names[0]) if self.names else self.id.partition(":")[2][:ID_CHARS])

    @property
    def is_only_here(self) -> bool:
        """Whether it has a name, and no digest of a registry that it could be pulled from again."""
        return bool(self.names) and not any("@sha256:" in name for name in self.names)


@dataclass(frozen=True, slots=True)
class RemoveImages(Operation):
    """Remove images of a node one by one, without force: an engine refuses to remove one that a container uses.

    Images that are used or named when the step begins stay too. Docker's own prune cannot keep an image by its name.
    """

    kind: ClassVar[str] = "remove-images"

    host: str
    """The node's host in swarmbot.yml."""
    images: tuple[PlannedImage, ...]
    """In the order in which they are removed."""
    size_bytes: int
    """The sum of their sizes. Less becomes free if they share layers with each other or with images that stay."""

    @property
    def doing(self) -> str:
        """Return the step in words, with the images to remove."""
        count = number_of(len(self.images), "image")
        shown = listed((image.shown for image in self.images), limit=MAX_LISTED)
        return f"removing {count} of `{self.host}` (frees at most {about_size(self.size_bytes)}): {shown}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"no unused image is left on `{self.host}`"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the node's images, and for all that names images."""
        return images_query(self.host)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the images were read, and those of the plan that are left are in use."""
        return facts.swarm is not None and self._present(facts) is not None and not self._left(facts)

    def progress(self, facts: Facts) -> str:
        """Return how many images are left to remove."""
        left = len(self._left(facts))
        return f"{number_of(left, 'image')} left" if left else ""

    def seen(self, facts: Facts) -> str:
        """Return how many images are removed, and which ones stay."""
        images = self._present(facts) or []
        gone = [image.shown for image in self.images if image not in images]
        removed = f"{number_of(len(gone), 'image')} of `{self.host}` removed"
        removed += f": {listed(gone, limit=MAX_LISTED)}" if gone else ""
        if not images:
            return removed
        shown = listed((image.shown for image in images), limit=MAX_LISTED)
        return f"{removed}; kept, because used or named by now: {shown}"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove what is still unused. Raise the first refusal of an engine after all images were tried."""
        refused: EngineError | None = None
        for image in self._left(facts):
            try:
                _remove(engines[self.host], image)
            except EngineError as error:
                if error.status != IN_USE:
                    raise
                refused = refused or error
        if refused:
            raise refused

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with how many images are left, or that this is unknown."""
        del engines
        present = self._present(facts)
        if present is None:
            state = f"The images of `{self.host}` cannot be read: which of them were removed is unknown."
        else:
            gone = len(self.images) - len(present)
            state = f"{gone} of {number_of(len(self.images), 'image')} of `{self.host}` removed."
        step = error.next_step or f"Run `/swarm prune {self.host}` again."
        return Failed(error.happened, true_now=state, next_step=step)

    def _present(self, facts: Facts) -> list[PlannedImage] | None:
        """Return the images of the plan that are still there; None if the images were not read."""
        found = facts.hosts[self.host].images if self.host in facts.hosts else None
        if found is None:
            return None
        ids = {image.id for image in found}
        return [image for image in self.images if image.id in ids]

    def _left(self, facts: Facts) -> list[ImageFacts]:
        """Return the images to remove: those of the plan that are unused and have no other names."""
        names = {image.id: {*image.names} for image in self.images}
        unused = unused_images(facts, self.host)
        return [image for image in unused if image.id in names and names[image.id].issuperset(image.names)]


def images_query(*hosts: str) -> FactsQuery:
    """Return a query for the images of hosts or nodes (of all if none is named), and for all that names images."""
    return FactsQuery(hosts=hosts, services=True, task_list=True, images=True, good_specs=True)


def _remove(engine: Engine, image: ImageFacts) -> None:
    """Remove an image by its id, which an engine refuses as long as it has several names: these go first."""
    for target in (*image.names[:-1], image.id):
        try:
            engine.remove_image(target)
        except EngineError as error:
            if error.status != GONE:
                raise
