"""What personal data looks like in Chinese utterances: every rule, and one look that tells when none can match."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cascade.observe.privacy_fold import Folded, Match, Rule, compiled_pattern, han_without, pattern_rule
from cascade.observe.privacy_numbers import GAP, numbers

KINDS: Final = ("phone", "id", "card", "email", "wechat", "qq", "plate", "address", "name", "code", "number")

_IS = r"(?:号码|号|是|为|就是|叫|写|填|[:： =])*"
_FEW = rf"[0-9](?:{GAP}[0-9])"


def _looks_made_up(found: str) -> bool:
    """A WeChat id after the bare word 微信: not an English word that happens to follow it."""
    return any(char in "0123456789_-" for char in found)


_SPEECH = "我你您他她它的了吗呢吧啊呀嘛是在给送寄到帮买喝请把住个杯份茶糖点快麻烦要来也都就又再去址改写填知"
_P = han_without(_SPEECH)
_N = r"(?:[0-9]{1,5}|[a-z][0-9]{0,3}|[一二三四五六七八九十百零两]{1,5})"
_COMPONENT = compiled_pattern(
    rf"(?P<public>{_P}{{1,6}}?(?:路口|街口|道口|巷口|路上|街上)"
    rf"|{_N}号(?:门|口|线|店|窗|桌|台|机|柜|厅|房|球|航站楼|出口))"
    rf"|(?P<house>(?:{_P}{{1,7}}?|[茶糖来要])(?:大道|大街|胡同|路|街|巷|弄|道)(?:东|南|西|北|中)?(?:段)?{_N}(?:号院|号|弄))"
    rf"|(?P<door>{_N}(?:号楼|栋|幢|座|单元|楼|层)[ \-]?[0-9]{{3,4}}(?:室|房间|房|号)?"
    rf"|[0-9]{{1,3}}-[0-9]{{1,3}}-[0-9]{{3,4}})"
    r"|(?P<room>[0-9]{3,4}(?:室|房间))"
    rf"|(?P<building>{_N}(?:号楼|号院|栋|幢|座|号))"
    rf"|(?P<unit>{_N}(?:单元|室|户))"
    rf"|(?P<floor>{_N}(?:楼|层))"
    rf"|(?P<estate>{_P}{{1,8}}?(?:小区|花园|家园|公寓|花苑|苑|新村|山庄|庄园|大厦|写字楼|名城|豪庭|华庭|嘉园|雅园|公馆|园区|科技园|工业园|宿舍)(?:[一二三四五六0-9]期|[东南西北]区)?)"
    rf"|(?P<region>{_P}{{1,6}}?(?:特别行政区|自治区|自治州|街道|省|市|区|县|镇|乡|村))"
    rf"|(?P<road>{_P}{{1,7}}?(?:大道|大街|胡同|路|街|巷))"
)
_CHAINED = " ,、-，"


def addresses(folded: Folded) -> Iterator[Match]:
    """Places that lead to somebody's door: a house in a road, a room in a building, a building of an estate.

    公司楼下, 图书馆门口, a metro exit, a shop or a lone "3号楼" name no door and stay.
    """
    chain: list[str] = []
    start = end = 0
    text = folded.letters
    for found in _COMPONENT.finditer(text):
        at, after = found.span()
        if chain and (at > end + 1 or (at == end + 1 and text[end] not in _CHAINED)):
            if _leads_to_a_door(chain):
                yield "address", start, end
            chain = []
        if not chain:
            start = at
        chain.append(str(found.lastgroup))
        end = after
    if chain and _leads_to_a_door(chain):
        yield "address", start, end


def _leads_to_a_door(chain: list[str]) -> bool:
    if {"house", "door", "room"} & set(chain):
        return True
    inside = [part for part in ("building", "unit", "floor") if part in chain]
    return (
        ("unit" in chain and len(inside) >= 2)
        or ("estate" in chain and bool(inside))
        or ("region" in chain and "road" in chain)
        or (chain.count("region") >= 2 and (bool(inside) or "estate" in chain))
    )


_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝安常乐傅卞齐康伍余顾孟黄穆萧肖尹姚邵汪祁毛禹狄米贝臧戴宋庞熊纪舒屈项祝董梁杜阮"
    "蓝闵季贾江童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房缪干解应宗丁宣邓洪包左石崔吉龚程邢裴陆荣翁荀羊甄曲封"
    "储靳段焦巴谷侯全班仰仲宫宁仇栾甘厉戎祖武符刘景詹龙叶幸司黎薄印白蒲鄂赖卓蔺屠池乔闻党翟谭贡劳姬申冉桑桂牛边燕冀"
    "尚温庄晏柴瞿阎慕连习艾容向古易慎戈廖庾终居衡步耿满弘匡文寇东殴沃利蔚隆师巩聂晁辛阚那简饶曾关岳涂游覃代付闫邝"
)
_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|南宫|端木"
_SURNAME = f"(?:{_COMPOUND}|[{_SURNAMES}])"
_AFTER_NAME = "的了吗呢吧啊是在有不就都也要想来点给帮请我你您他她它这那个杯份手电住送订下买说去到叫和跟收"
_GIVEN = han_without(_AFTER_NAME + "什么怎谁哪写填改")
_BEHIND = rf"(?:$|[^\x{{4e00}}-\x{{9fff}}]|[{_AFTER_NAME}])"

_WECHAT = r"(?:微信|薇信|威信|v信|加v|weixin|wechat|(?:^|[^a-z0-9])(?:vx|wx))"
_SAYS = r"(?:号码|号|id|是|为|就是|[:= +])"
_HANDLE = r"([a-z][a-z0-9_\-]{5,19})"
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_TITLE = "(?:先生|女士|小姐)"
_MAIL_HOST = r"[a-z0-9\-]+ ?(?:\.|点) ?(?:com|cn|net|org)(?:\.cn)?"
_ANNOUNCED = (
    "(?:姓名|收件人|收货人|收餐人|取餐人|取货人|联系人|订餐人|名字(?:是|叫|写|填|:))(?:是|为|叫|写|填|[: ])*"
)


def _rule(kind: str, pattern: str, **options: Any) -> tuple[str, Rule]:
    return kind, pattern_rule(kind, pattern, **options)


RULES: tuple[tuple[str, Rule], ...] = (
    _rule("email", r"[a-z0-9][a-z0-9._%+\-]*@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+"),
    _rule("email", rf"[a-z0-9][a-z0-9._%+\-]* ?(?:@|艾特|圈a|\(at\)) ?{_MAIL_HOST}"),
    _rule("wechat", rf"(?:{_WECHAT}|(?:^|[^a-z0-9])v){_SAYS}+{_HANDLE}"),
    _rule("wechat", rf"{_WECHAT}{_HANDLE}", accepts=_looks_made_up),
    _rule("wechat", r"wxid_[a-z0-9]{6,20}"),
    _rule("wechat", rf"{_WECHAT}{_IS}({_FEW}{{4,12}})", digits=True),
    _rule("qq", rf"(?:qq|扣扣|企鹅号)(?:群)?{_IS}({_FEW}{{4,11}})", digits=True),
    ("number", numbers),
    _rule(
        "phone",
        rf"(?:电话|手机|座机|联系方式|(?:^|[^a-z])tel){_IS}({_FEW}{{4,13}})",
        digits=True,
    ),
    _rule("phone", r"1[3-9][0-9][*x·•]{3,5}[0-9]{3,4}", digits=True),
    _rule("number", rf"(?:尾号|后四位|末四位){_IS}({_FEW}{{3}})", digits=True),
    _rule(
        "code",
        rf"(?:验证码|取餐码|取件码|取货码|券码|兑换码|密码){_IS}([a-z0-9][a-z0-9\-]{{2,15}})",
        digits=True,
    ),
    _rule(
        "plate",
        rf"{_PROVINCE}[a-hj-np-z][·. \-]?[a-hj-np-z0-9]{{4,5}}[a-hj-np-z0-9挂学警港澳]",
        accepts=lambda found: sum(char.isdigit() for char in found) >= 3,
    ),
    ("address", addresses),
    _rule(
        "name",
        rf"{_ANNOUNCED}({_SURNAME}{_TITLE}|{_SURNAME}{_GIVEN}{{1,2}}|[a-z]{{2,20}}(?: [a-z]{{2,20}})?)",
    ),
    _rule("name", rf"(?:我叫|我的名字叫|本人叫)(?:做)?({_SURNAME}{_GIVEN}{{1,2}}){_BEHIND}"),
    _rule("name", rf"{_SURNAME}{_GIVEN}{{0,2}}?{_TITLE}"),
)

_TRIGGER = compiled_pattern(
    rf"[0-9](?:{GAP}[0-9]){{2}}|@|艾特|圈a|\(at\)|{_WECHAT}|(?:^|[^a-z0-9])v{_SAYS}|1[3-9][0-9][*x·•]"
    r"|[路街巷弄道号栋幢座室户楼层省市区县镇乡村码]|胡同|单元|姓名|名字|[件货餐系]人|本人叫|我叫"
    rf"|{_TITLE}|{_PROVINCE}[a-z]"
)


def may_match(folded: Folded) -> bool:
    """Whether any of :data:`RULES` can match: one look at a text instead of one for each rule."""
    return _TRIGGER.search(folded.digits) is not None
