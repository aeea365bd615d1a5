"""Contract prose: two pages a language, with the signs, figures and names that contracts have."""

from __future__ import annotations

ENGLISH_PAGES = (
    """MASTER SUPPLY AGREEMENT No. 47/B-2023
This Agreement is made on 14 March 2023 between Harrow & Finch Ltd., a company registered in England under
number 0482917 (the “Supplier”), and Meridian Tool Works, Inc., of 1250 Quay Street, Portland (the “Buyer”).
1. Definitions. “Goods” means the machine parts listed in Schedule A; “Business Day” means any day that is
not a Saturday, a Sunday or a public holiday in London.
2. Delivery. The Supplier shall deliver the Goods within ten (10) Business Days after each order. Where an
order exceeds 2,500 units, the parties' representatives agree on a timetable; risk passes upon delivery.
3. Price. The price is $18.75 per unit, exclusive of value added tax at 20%. Invoices are due 30 days after
their date. Late sums bear interest at 4.5% a year, from the due date until they have been paid in full.
Contact: J. O'Brien, Head of Sales, +44 20 7946 0321.""",
    """4. Warranty. The Supplier warrants that, for twenty-four months, the Goods (a) conform to Schedule A,
(b) are free from defects in material and workmanship, and (c) comply with Directive 2006/42/EC. This
warranty does not cover ordinary wear, misuse, or repairs that a third party has carried out
without written consent.
5. Liability. Neither party is liable for loss of profit. The total liability of either party in any calendar
year is limited to 150% of the sums paid in that year, but not less than $40,000. Nothing in this clause
excludes liability for death, personal injury or fraud.
6. Termination. Either party may end this Agreement by ninety days' notice, or at once if the other party: (i)
commits a material breach and fails to remedy it; (ii) becomes insolvent; or (iii) ceases to trade.
7. Law. This Agreement is governed by the laws of England and Wales. Signed in two copies by Margaret Quill,
Director, and David R. Hoyle, Chief Financial Officer, on 31 March 2023.""",
)
RUSSIAN_PAGES = (
    """ДОГОВОР ПОСТАВКИ № 118/24
г. Тверь, 6 февраля 2024 г. Общество с ограниченной ответственностью «Северный станок», именуемое в
дальнейшем «Поставщик», в лице директора Громова Ильи Петровича, и акционерное общество «Луч», именуемое
в дальнейшем «Покупатель», в лице Ермолаевой Н. В., заключили настоящий договор о нижеследующем.
1. Предмет договора. 1.1. Поставщик обязуется передать Покупателю токарные станки в количестве 12 штук, а
Покупатель обязуется принять и оплатить их. 1.2. Наименование, объём и цена товара указаны в приложении.
2. Цена и порядок расчётов. 2.1. Общая сумма договора составляет 7 450 300 рублей, включая НДС 20%. 2.2.
Аванс в размере 30% перечисляется в течение пяти рабочих дней; остаток подлежит оплате не позднее 15
календарных дней после подписания акта. 2.3. Днём оплаты считается день зачисления средств на счёт.""",
    """3. Ответственность сторон. 3.1. За просрочку поставки Поставщик уплачивает пеню 0,1% от стоимости
товара за каждый день просрочки, но не более 10%. 3.2. Если недостатки выявлены в течение гарантийного срока
(18 месяцев), Поставщик устраняет их за свой счёт. 3.3. Уплата неустойки не освобождает от исполнения.
4. Форс-мажор. Стороны не отвечают за неисполнение обязательств, вызванное пожаром, наводнением или иными
обстоятельствами, которые они не могли предвидеть; об этом извещают письменно в течение трёх дней.
5. Разрешение споров. Споры решаются путём переговоров, а при недостижении согласия передаются в
арбитражный суд Тверской области. Претензия рассматривается 20 дней.
6. Заключительные положения. Договор действует до 31 декабря 2025 года и составлен в двух экземплярах,
имеющих одинаковую силу. Подписи: И. П. Громов, Н. В. Ермолаева. Тел.: 8 (482) 255-17-40.""",
)
CHINESE_PAGES = (
    """设备采购合同
合同编号：2024—117。甲方：江南机械有限公司；乙方：卡尔·迈耶贸易公司。双方于2024年3月1\
8日在南京市签订本合同，共同遵守下列条款。
第一条　标的物。乙方向甲方提供数控车床十二台，型号为「HX-500」，技术要求见附件一《技术规格书》\
。
第二条　价款与支付。合同总价为人民币3,860,000元（大写：叁佰捌拾陆万元整），含13%增值税。\
甲方在合同生效后七个工作日内支付30%的预付款；设备验收合格后十五日内支付60%；其余10%作为质量\
保证金，在保证期届满后支付。
第三条　交货。交货期限为2024年6月30日之前，交货地点为甲方仓库。运输、保险和装卸费用由乙方承担\
。
货物毁损、灭失的风险，自交付时起由甲方承担。乙方应当提前三天将车号、到达时间通知甲方代表约翰·布朗先\
生。
第四条　验收。甲方应在收到货物之日起十日内完成检验；发现数量不足或者质量不合格的，应当书面通知乙方，\
乙方应当在五日内补齐、更换或者修理——由此产生的费用由乙方负担。甲方逾期没有提出异议的，视为验收合格\
；但是隐蔽的缺陷除外。双方对质量有争议的，委托省级检验机构鉴定，鉴定费用由责任方承担。
第五条　安装与培训。乙方派遣三名工程师到现场指导安装、调试，时间不超过二十个工作日；食宿由甲方安排。
培训结束以后，甲方的操作人员应当能够独立使用、维护设备。乙方还应提供下列文件：（1）使用说明书；（2\
）电路图；（3）备件清单；（4）出厂检验报告。上述文件均应使用中文，一式两份。""",
    """第六条　质量保证。保证期为验收合格之日起二十四个月。在保证期内，因设计、材料或者工艺的\
原因造成的故障，乙方应当免费维修；“紧急故障”应当在四十八小时内派人到场处理。保证期届满以后，乙方继\
续以优惠的价格供应备件，期限不少于八年（自2026年7月1日起计算）。
第七条　违约责任。乙方逾期交货的，每逾期一日，按照未交付货物价款的0.5%支付违约金，但累计不超过合\
同总价的10%。甲方逾期付款的，按照同期银行贷款利率支付利息。任何一方违反保密义务，应当赔偿对方因此\
受到的全部损失。违约方支付违约金以后，守约方仍然要求履行的，违约方应当继续履行；逾期超过六十日的，守\
约方有权解除合同，并且要求返还已经支付的价款。
第八条　不可抗力。由于地震、洪水、战争等不能预见、不能避免的原因，致使合同不能履行的，遭受影响的一方\
不承担责任，但是应当及时通知对方，并且提供有关证明。上述情形持续九十日以上的，任何一方可以书面通知对\
方终止合同，双方互不承担赔偿责任，已经收取的预付款应当在十五日内退还。
第九条　争议解决。因本合同发生的争议，双方应当协商解决；协商不成的，提交南京市仲裁委员会，按照申请时\
有效的《仲裁规则》进行仲裁。仲裁裁决是终局的，对双方都有约束力。在争议解决期间，除争议部分以外，双方\
应当继续履行本合同的其他义务。
第十条　其他。本合同一式四份，双方各持两份，自签字盖章之日起生效。甲方代表：王建国；乙方代表：安娜·\
施密特。联系电话：025-8436 1170。""",
)
