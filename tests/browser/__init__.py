"""The local Slack's page in headless Chromium."""
