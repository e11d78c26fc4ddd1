"""Encrypted seeds are opened with their key, for their person, and not otherwise."""

from __future__ import annotations

import pytest

from bot.errors import Misconfigured, Refused
from bot.secrets.secret import Secret
from bot.settings import Settings
from bot.totp import SeedVault
from tests.kits.totp import ADA, KEY

SEED = Secret("JBSWY3DPEHPK3PXP")


def test_seed_opens_for_its_person() -> None:
    """The encrypted text shows nothing of the seed and differs each time."""
    seeds = SeedVault(KEY)
    sealed = seeds.seal(ADA, SEED)
    assert SEED.reveal() not in sealed
    assert seeds.seal(ADA, SEED) != sealed
    assert SeedVault(KEY).open(ADA, sealed) == SEED


def test_seed_opens_for_nobody_else() -> None:
    """A person who copies their seed to another's key in Redis gains nothing."""
    sealed = SeedVault(KEY).seal(ADA, SEED)
    with pytest.raises(Refused, match="cannot be read"):
        SeedVault(KEY).open("U0BEN", sealed)


def test_seed_opens_with_no_other_key() -> None:
    """The refusal says that the key has changed."""
    sealed = SeedVault(KEY).seal(ADA, SEED)
    with pytest.raises(Refused, match="stored with another SWARMBOT_SECRET_KEY"):
        SeedVault(Secret("another key of thirty-two characters")).open(ADA, sealed)


def test_without_a_key_everything_is_refused() -> None:
    """The refusal names the variable."""
    with pytest.raises(Refused, match="needs SWARMBOT_SECRET_KEY"):
        SeedVault(None).seal(ADA, SEED)
    with pytest.raises(Refused, match="needs SWARMBOT_SECRET_KEY"):
        SeedVault(None).open(ADA, "x")


def test_short_key_is_refused() -> None:
    """A short key could be guessed: it stops the process, and is not shown."""
    assert Settings.from_environment({}).swarmbot_secret_key is None
    assert Settings.from_environment({"SWARMBOT_SECRET_KEY": KEY.reveal()}).swarmbot_secret_key == KEY
    with pytest.raises(Misconfigured, match="fewer than 32") as caught:
        Settings.from_environment({"SWARMBOT_SECRET_KEY": "correct-horse"})
    assert "correct-horse" not in str(caught.value)
