"""A small pack and small labelled sets, for stages that must run in seconds."""

from pathlib import Path

from classifier_kit import copied

ROOT = Path(__file__).resolve().parents[1]

TRAIN = """\
帮我点一杯珍珠奶茶\torder_drink\tdrink=珍珠奶茶
来两杯拿铁少糖\torder_drink\tdrink=拿铁 n=2 sugar=less
给我整杯柠檬水去冰\torder_drink\tdrink=柠檬水 temp=no_ice
那杯改成半糖\tmodify_order\tsugar=half
取消订单\tcancel_order\t
帮我领一张免单卡\tclaim_coupon\t
我的奶茶到哪了\tquery_order\t
券什么时候过期\tquery_coupon\t
有什么奶茶\tquery_menu\t
推荐一款好喝的\trecommend_drink\t
转人工客服\trequest_support\t
怎么邀请好友\tinvite_friend\t
好的可以\tconfirm\t
不用了谢谢\tdecline\t
你好呀千问\tchitchat\t
今天天气怎么样\tout_of_scope\t
来五百杯奶茶\torder_drink\t!
"""
CALIBRATION = """\
麻烦来份椰果奶茶热的\torder_drink\tdrink=椰果奶茶 temp=hot
把单退掉吧\tcancel_order\t
哪里可以领卡呢\tquery_coupon\t
讲个笑话听听\tchitchat\t
播放一首歌\tout_of_scope\t
外卖到哪啦还要多久\tquery_order\t
取消订单！\tcancel_order\t
"""
TEST = """\
整一杯杨枝甘露大杯\torder_drink\tdrink=杨枝甘露 size=large\tmix=bare_order
少糖的拿铁来一杯\torder_drink\tdrink=拿铁 sugar=less\tpair=sugar
多糖的拿铁来一杯\torder_drink\tdrink=拿铁 sugar=extra\tpair=sugar
人工服务在哪\trequest_support\t\tmix=support
取消订单\tcancel_order\t\tmix=cancel
"""
RECIPE = """\
name = "micro"
seed = 3
bundle = "models/tea"
work = "work"
common_characters = false
{extra}
[student]
layers = 1
width = 16
heads = 2
head_size = 8
feed_forward = 32
rank = 8

[student_fit]
epochs = 2
batch = 8
rate = 1e-3
"""


def micro(root: Path, extra: str = "") -> Path:
    """A folder with a bundle, three sets and a recipe; the path of the recipe."""
    (root / "models").mkdir(parents=True)
    copied(root / "models" / "tea")
    for name, content in (("train", TRAIN), ("calibration", CALIBRATION), ("test", TEST)):
        folder = root / "data" / name
        folder.mkdir(parents=True)
        (folder / "set.tsv").write_text(content, "utf-8")
    path = root / "micro.toml"
    path.write_text(RECIPE.format(extra=extra), "utf-8")
    return path
