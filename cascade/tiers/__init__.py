"""The levels of the cascade. Each proposes on its own and knows none of the others."""
