//! Who buys, and where they live. Nobody of them is real.

use contracts::Tier;

use crate::seed::Customer;

/// Firms that pay, sooner or later.
pub(super) const GOOD: [Customer; 6] = [
    ("C-2001", "纸鸢商贸 Paper Kite Trading", Tier::Key, 900_000_000, 60_000_000, 59_400_000),
    ("C-2002", "听雨茶庄 Rain-on-Eaves Teahouse", Tier::Gold, 400_000_000, 24_000_000, 23_300_000),
    ("C-2003", "半山百货 Halfway-Hill Stores", Tier::Gold, 400_000_000, 30_000_000, 28_900_000),
    ("C-2004", "白鹭酒店 White Egret Hotels", Tier::Key, 700_000_000, 48_000_000, 47_500_000),
    (
        "C-2005",
        "星河便利 Star River Corner Shops",
        Tier::Silver,
        300_000_000,
        15_000_000,
        14_100_000,
    ),
    ("C-2006", "云上礼品 Above-the-Clouds Gifts", Tier::Regular, 300_000_000, 9_000_000, 8_700_000),
];

/// Firms of which a person should think twice.
pub(super) const WEAK: [Customer; 3] = [
    ("C-2101", "月牙小铺 Crescent Corner", Tier::Regular, 3_000_000, 6_000_000, 2_400_000),
    ("C-2102", "慢船杂货 Slow Boat Sundries", Tier::Silver, 2_000_000, 9_000_000, 2_700_000),
    ("C-2103", "北风食堂 North Wind Canteens", Tier::Regular, 1_000_000, 4_000_000, 3_300_000),
];

/// Names of people: what they are called in their family, and what they call themselves.
pub(super) const FAMILIES: [&str; 14] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "林", "何"];
pub(super) const GIVEN: [&str; 16] = [
    "小满", "知秋", "若溪", "子墨", "雨桐", "一帆", "思远", "静姝", "明哲", "安然", "书瑶", "嘉树",
    "晓棠", "景行", "云舒", "清和",
];

/// Province, city, district, street, postcode.
pub(super) type Place = (&'static str, &'static str, &'static str, &'static str, &'static str);

pub(super) const SHANGHAI: [Place; 3] = [
    ("上海", "上海", "浦东新区", "听潮路", "200120"),
    ("上海", "上海", "徐汇区", "梧桐里", "200030"),
    ("上海", "上海", "静安区", "长乐弄", "200040"),
];

/// East China, for which large orders have a team of their own.
pub(super) const EAST: [Place; 4] = [
    ("江苏", "南京", "鼓楼区", "秦淮里", "210008"),
    ("浙江", "杭州", "西湖区", "断桥巷", "310013"),
    ("江苏", "苏州", "姑苏区", "平江弄", "215005"),
    ("山东", "青岛", "市南区", "海棠路", "266071"),
];

pub(super) const ELSEWHERE: [Place; 7] = [
    ("广东", "深圳", "南山区", "木棉路", "518057"),
    ("广东", "广州", "天河区", "荔枝巷", "510620"),
    ("北京", "北京", "海淀区", "槐荫胡同", "100080"),
    ("四川", "成都", "武侯区", "竹影路", "610041"),
    ("湖北", "武汉", "武昌区", "东湖里", "430061"),
    ("陕西", "西安", "雁塔区", "长安巷", "710061"),
    ("辽宁", "大连", "中山区", "渔人路", "116001"),
];
