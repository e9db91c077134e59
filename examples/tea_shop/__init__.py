"""A tea shop's app backend: one sentence becomes one order, whatever breaks on the way.

pip install '.[shop]'
python -m examples.tea_shop
"""
