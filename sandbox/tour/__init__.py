"""The demo's tour: people type commands, the terminal shows what each person sees, the engines confirm the result."""
