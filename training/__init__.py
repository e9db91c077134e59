"""From labelled data to a model bundle; runs from a checkout: ``python -m training STAGE RECIPE.toml``."""
