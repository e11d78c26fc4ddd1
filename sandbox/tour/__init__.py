"""The demo's tour: people type, everybody's screen is shown, and the engines are asked whether it is true."""
