"""Words that forbid an order, said as talk: in a clause of their own, before one that plainly orders."""

import pytest
from classifier_kit import Scripted, copied

from cascade.bundle import Bundle
from cascade.result import Proposal


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Scripted:
    return Scripted(Bundle.open(copied(tmp_path_factory.mktemp("bundles") / "tea")))


def completed(scripted: Scripted, text: str, drink: str) -> bool:
    outcome = scripted.propose(text, "order_drink", drink=drink)
    return isinstance(outcome, Proposal) and outcome.complete


@pytest.mark.parametrize(
    ("text", "drink"),
    [
        ("打牌呢，我们等着，来杯绿茶", "绿茶"),
        ("泡脚呢 红茶一杯", "红茶"),
        ("补课回来了，点个草莓奶茶", "草莓奶茶"),
        ("看到广告来的，帮我点一杯奶茶", "奶茶"),
        ("昨晚没睡好，给我来杯拿铁", "拿铁"),
        ("我朋友说好喝 来杯果茶", "果茶"),
        ("怎么用啊，算了直接帮我点杯奶茶", "奶茶"),
        ("姐妹都喝上了就我没有 给我也点一杯奶茶", "奶茶"),
        ("听说你能点奶茶，那给我来一杯", "奶茶"),
        ("有没有奶茶，给我一杯", "奶茶"),
        ("奶茶能点吧？点一杯", "奶茶"),
        ("没喝过奶茶，来一杯试试", "奶茶"),
        ("客人到了，奶茶一杯，果茶一杯", "奶茶|果茶"),
        ("我吃火锅呢，来一杯奶茶一杯果茶", "奶茶|果茶"),
        ("我代驾呢给我来杯奶茶", "奶茶"),
        ("跑代驾呢等单，给我来杯奶茶", "奶茶"),  # 单 counts nothing
        ("人还没来，我先点杯奶茶", "奶茶"),
        ("上次那款太甜了，来杯奶茶", "奶茶"),
        ("你别走，给我来杯奶茶再走", "奶茶"),
        ("妈，不是，千问，点杯奶茶", "奶茶"),
        ("好像渴了，好吧，来杯奶茶", "奶茶"),
        ("方便的话给我来杯奶茶", "奶茶"),
        ("我妈说她要一杯奶茶", "奶茶"),
        ("护士说能喝了，来杯果茶", "果茶"),
        ("终于能喝了，来杯奶茶", "奶茶"),
        ("想喝奶茶了，在候车呢", "奶茶"),
        ("来杯奶茶我在看房呢", "奶茶"),
        ("给站台上等我的人点杯奶茶", "奶茶"),
        ("给昨天帮我的师傅来杯红茶", "红茶"),
        ("客人来了给我来杯果茶", "果茶"),
        ("健身房出来了整一杯柠檬茶", "柠檬茶"),
    ],
)
def test_talk_forbids_nothing(scripted: Scripted, text: str, drink: str) -> None:
    assert completed(scripted, text, drink)


@pytest.mark.parametrize(
    ("text", "drink"),
    [
        ("来杯奶茶我还在想呢", "奶茶"),  # may not be asked for at all
        ("来杯奶茶我正纠结呢", "奶茶"),
        ("来杯奶茶还在路上呢", "奶茶"),
        ("奶茶我正等着呢", "奶茶"),
        ("来杯奶茶谁正做着呢", "奶茶"),
        ("本来想喝奶茶，来杯果茶", "果茶"),  # names what may be taken back
        ("奶茶，不对，来杯果茶", "果茶"),
        ("不对，奶茶，来杯果茶", "果茶"),
        ("他点了，我说奶茶", "奶茶"),
        ("刚才那杯错了，来杯奶茶", "奶茶"),  # points at an order that exists
        ("他说，帮我点杯奶茶", "奶茶"),  # tells what somebody said
        ("我朋友说：来杯奶茶", "奶茶"),
        ("他怎么说的：来杯奶茶", "奶茶"),
        ("练习呢，来杯奶茶", "奶茶"),
        ("如果在呢，来杯奶茶", "奶茶"),  # a condition is no talk
        ("明天见呢，来杯奶茶", "奶茶"),
        ("怎么卖，奶茶一杯", "奶茶"),  # may ask about what it names
        ("怎么用啊，来杯奶茶？", "奶茶"),
        ("有没有奶茶店，给我一杯", "奶茶"),
        ("能退奶茶吗，来一杯", "奶茶"),
        ("有没有奶茶，来一杯果茶", "奶茶|果茶"),
        ("没喝过奶茶，好喝吗", "奶茶"),
        ("没喝过奶茶的人来一杯", "奶茶"),
        ("没喝过奶茶，来一杯果茶", "奶茶|果茶"),
        ("等客人到了，来杯奶茶", "奶茶"),  # still to come
        ("快到了，来杯奶茶", "奶茶"),
        ("明天客人到了，来杯奶茶", "奶茶"),
        ("奶茶到了，来杯果茶", "果茶"),
        ("抢到了，来杯奶茶", "奶茶"),  # of what, and is it to be used?
        ("我的奶茶呢，给我来杯果茶", "果茶"),
        ("我那杯呢，给我来杯奶茶", "奶茶"),
        ("怎么卖呢奶茶一杯多少", "奶茶"),
        ("上次那杯太甜了，来杯奶茶", "奶茶"),
        ("昨天的奶茶太甜了，来杯果茶", "果茶"),
        ("不是奶茶，来杯果茶", "果茶"),
        ("加珍珠可以的话，来杯奶茶", "奶茶"),
        ("方便的话明天给我来杯奶茶", "奶茶"),
        ("方便的话奶茶怎么点", "奶茶"),
        ("我妈说她点了一杯奶茶", "奶茶"),  # tells what was done
        ("我妈说她想喝奶茶", "奶茶"),
        ("我妈说要给我点一杯奶茶", "奶茶"),
        ("我妈说不要一杯奶茶", "奶茶"),
        ("我妈昨天说要一杯奶茶", "奶茶"),
        ("我妈说明天要一杯奶茶", "奶茶"),
        ("我妈说要一杯奶茶就和好", "奶茶"),
        ("他说要一杯奶茶", "奶茶"),
        ("护士说不能喝了，来杯果茶", "果茶"),
        ("护士说能喝了吗，来杯果茶", "果茶"),
        ("我妈说能喝了来杯奶茶", "奶茶"),
        ("等能喝了来杯奶茶", "奶茶"),
        ("来杯奶茶，骑手在路上呢", "奶茶"),  # asks where it is
        ("来杯奶茶，奶茶在哪呢", "奶茶"),
        ("来杯奶茶在做呢", "奶茶"),
        ("来杯奶茶，还在犹豫呢", "奶茶"),
        ("来杯奶茶，我在点呢", "奶茶"),
        ("给我等我到了再点杯奶茶", "奶茶"),
        ("昨天给等我的人点杯奶茶", "奶茶"),
        ("给等我的人点杯奶茶了", "奶茶"),
        ("他来了点一杯奶茶", "奶茶"),  # tells what he did
        ("等客人来了给我来杯奶茶", "奶茶"),
        ("我昨天来了点一杯奶茶", "奶茶"),
        ("有人喊一杯奶茶", "奶茶"),
    ],
)
def test_what_is_no_talk_holds_the_order_back(scripted: Scripted, text: str, drink: str) -> None:
    assert not completed(scripted, text, drink)


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("失恋第三天，来杯奶茶", True),
        ("来杯奶茶吧，今天第一次喝", True),
        ("业绩第一，来杯奶茶", True),
        ("跑了五公里，来杯奶茶", True),
        ("搬了一上午砖给我来杯奶茶", True),
        ("给老婆来杯奶茶她忙一整天了", True),
        ("钱付了两遍，一杯奶茶", False),
        ("朋友用券点了一杯奶茶", False),
        ("他卖了三杯，来杯奶茶", False),
        ("来第三天奶茶", False),
        ("第三，来杯奶茶", False),
        ("第三个，来杯奶茶", False),
    ],
)
def test_a_number_in_a_clause_that_names_nothing_counts_nothing(
    scripted: Scripted, text: str, complete: bool
) -> None:
    assert completed(scripted, text, "奶茶") == complete


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("演唱会刚散场，来杯奶茶", True),
        ("有人唱：来杯奶茶", False),
        ("我写论文写疯了，来杯奶茶", True),
        ("帮我写论文，来杯奶茶", False),
        ("写作文，来杯奶茶", False),
        ("就是说我想要一杯奶茶", True),
        ("我妈就是说来杯奶茶", False),
        ("他的意思就是说来杯奶茶", False),
        ("说来话长，帮我点杯奶茶", True),
        ("说了八百遍了，来杯奶茶", True),
        ("这么大雨，来杯奶茶", True),
        ("怎么这么贵，一杯奶茶", False),
        ("家人们谁懂啊，来杯奶茶", True),
        ("来杯奶茶，谁也别拦我", True),
        ("不知道喝啥，来杯奶茶", True),
        ("不知道喝啥，奶茶还是果茶", False),
        ("我刚查完房想喝一杯奶茶", True),
        ("帮我检查，来杯奶茶", False),
        ("熬到了今天，来杯奶茶", True),
    ],
)
def test_a_word_that_only_holds_a_guard_forbids_nothing(
    scripted: Scripted, text: str, complete: bool
) -> None:
    assert completed(scripted, text, "奶茶") == complete


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("来杯奶茶，没跟你开玩笑", True),
        ("来杯奶茶，跟你开玩笑", False),
        ("来杯奶茶，别忘了打包", True),
        ("别忘了我昨天来杯奶茶", False),
    ],
)
def test_what_ends_an_order_is_meant_or_a_joke(scripted: Scripted, text: str, complete: bool) -> None:
    assert completed(scripted, text, "奶茶") == complete
