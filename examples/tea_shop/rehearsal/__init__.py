"""A promo day in small: customers, double clicks, killed processes, a database that goes and comes back.

python -m examples.tea_shop.rehearsal
python -m examples.tea_shop.rehearsal --database postgresql
"""
