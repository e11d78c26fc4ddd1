"""The local Slack as a page in a browser: channels, forms, the hosts beside them, and an inspector."""
