"""Pictures for messages, as PNG: dark, and large enough to be read on a phone. They need no network and no files."""
