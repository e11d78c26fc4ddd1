"""Watch: what it stores, and what people say of it."""
