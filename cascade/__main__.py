"""``python -m cascade`` is ``cascade``."""

from cascade.cli import main

if __name__ == "__main__":
    main()
