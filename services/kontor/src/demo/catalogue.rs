//! What the demo sells beside the seed's twelve items, and how much of it is kept where.

use crate::seed::{ITEMS, Item, WAREHOUSES};

/// Kept in every regional warehouse, and never short for long.
const PLENTY: [Item; 17] = [
    ("TEA-WHITE", "白牡丹 White Peony tea, 200 g", "tea", 15_600, 6_800, 1_300, 230),
    ("TEA-PUER", "普洱熟茶 Ripe Pu'er tea, 357 g", "tea", 21_800, 9_400, 1_300, 400),
    ("TEA-JASMINE", "茉莉花茶 Jasmine tea, 250 g", "tea", 7_900, 3_100, 1_300, 280),
    ("TEA-CHRYS", "杭白菊 Chrysanthemum, 100 g", "tea", 4_500, 1_700, 1_300, 130),
    ("JAR-TIN", "锡茶罐 Tin caddy", "ware", 12_900, 4_900, 1_300, 420),
    ("KETTLE-IRON", "铸铁壶 Cast-iron kettle", "ware", 36_800, 15_200, 1_300, 1_700),
    ("GAIWAN-WHITE", "白瓷盖碗 White gaiwan", "ware", 8_600, 2_900, 1_300, 260),
    ("BOWL-BLUE", "青花碗 Blue-and-white bowl", "ware", 3_200, 950, 1_300, 310),
    ("VASE-CELADON", "青瓷瓶 Celadon vase", "ware", 45_900, 18_800, 1_300, 1_250),
    ("CHOPSTICK-10", "竹筷十双 Bamboo chopsticks, 10 pairs", "ware", 2_900, 800, 1_300, 240),
    ("HONEY-ACACIA", "槐花蜜 Acacia honey, 500 g", "food", 6_900, 3_000, 1_300, 760),
    ("RICE-5KG", "东北大米 Northeast rice, 5 kg", "food", 5_900, 3_500, 900, 5_100),
    ("VINEGAR-AGED", "陈醋 Aged vinegar, 500 ml", "food", 1_900, 750, 1_300, 900),
    ("NOODLE-DRY", "挂面 Dried noodles, 1 kg", "food", 1_500, 600, 1_300, 1_030),
    ("MUSHROOM-DRY", "香菇 Dried shiitake, 250 g", "food", 5_600, 2_600, 900, 290),
    ("TOWEL-COTTON", "棉毛巾 Cotton towel", "textile", 2_600, 1_000, 1_300, 150),
    ("SCARF-SILK", "真丝围巾 Silk scarf", "textile", 32_900, 12_800, 1_300, 110),
];

/// Goes from the forward warehouse to the same city, and from the regional ones further.
const FRESH: [Item; 4] = [
    ("LYCHEE-2KG", "荔枝 Lychees, 2 kg", "fresh", 7_800, 4_200, 900, 2_200),
    ("BAYBERRY-2KG", "杨梅 Bayberries, 2 kg", "fresh", 9_600, 5_300, 900, 2_200),
    ("SHRIMP-1KG", "河虾 River shrimp, 1 kg", "fresh", 11_800, 7_100, 900, 1_300),
    ("BAMBOO-SHOOT", "春笋 Bamboo shoots, 2 kg", "fresh", 4_800, 2_300, 900, 2_100),
];

/// A little of it in two warehouses: who orders much gets it from both.
const THIN: [Item; 4] = [
    ("SHELF-ELM", "榆木书架 Elm bookshelf", "furniture", 129_900, 68_000, 1_300, 24_000),
    ("TABLE-TEA", "茶桌 Tea table", "furniture", 189_900, 97_000, 1_300, 31_000),
    ("SCREEN-FOLD", "折叠屏风 Folding screen", "furniture", 99_900, 47_000, 1_300, 14_000),
    ("QUILT-SILK", "蚕丝被 Silk quilt", "textile", 88_800, 39_000, 1_300, 2_400),
];

/// None of it lies there: only what was ordered is bought.
const SCARCE: [Item; 3] = [
    ("TEA-DAHONGPAO", "大红袍 Da Hong Pao, 50 g", "tea", 68_800, 31_000, 1_300, 90),
    ("POT-MASTER", "名家紫砂壶 Master's teapot", "ware", 268_800, 121_000, 1_300, 700),
    ("INKSTONE", "端砚 Duan inkstone", "ware", 158_800, 70_000, 1_300, 2_600),
];

/// How much of an item a warehouse is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shelf {
    pub(super) sku: &'static str,
    pub(super) warehouse: &'static str,
    /// At the beginning, and after every receipt.
    pub(super) target: i64,
    pub(super) unit_cost: i64,
}

/// All that the demo sells, the seed's items first.
pub(super) fn items() -> impl Iterator<Item = Item> {
    ITEMS.into_iter().chain(more())
}

/// What the seed does not sell.
pub(super) fn more() -> impl Iterator<Item = Item> {
    PLENTY.into_iter().chain(FRESH).chain(THIN).chain(SCARCE)
}

/// What is never short for long, and light enough for anybody's basket.
pub(super) fn everyday() -> Vec<Item> {
    ITEMS.into_iter().filter(|it| it.2 != "fresh" && it.2 != "furniture").chain(PLENTY).collect()
}

/// What urgent orders are made of.
pub(super) fn fresh() -> Vec<Item> {
    ITEMS.into_iter().filter(|it| it.2 == "fresh").chain(FRESH).collect()
}

/// What comes from two warehouses, if much of it is ordered.
pub(super) fn thin() -> &'static [Item] {
    &THIN
}

/// What is mostly sold out.
pub(super) fn scarce() -> &'static [Item] {
    &SCARCE
}

/// How much of each item is to be where.
pub(super) fn shelves() -> Vec<Shelf> {
    const REGIONAL: [&str; 5] = ["WH-A", "WH-B", "WH-C", "WH-D", "WH-E"];
    let shelf =
        |it: &Item, warehouse, target| Shelf { sku: it.0, warehouse, target, unit_cost: it.4 };
    let mut all = Vec::new();
    for item in &ITEMS {
        all.extend(WAREHOUSES.iter().map(|it| shelf(item, it.0, it.6)));
    }
    for item in &PLENTY {
        all.extend(REGIONAL.map(|it| shelf(item, it, 1_500)));
    }
    for item in &FRESH {
        all.extend(["FW-SH", "WH-B", "WH-D"].map(|it| shelf(item, it, 300)));
    }
    for item in &THIN {
        all.extend(["WH-A", "WH-C"].map(|it| shelf(item, it, 24)));
    }
    all.extend(SCARCE.iter().map(|it| shelf(it, "WH-B", 0)));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_item_is_sold_once_under_two_names_and_lies_somewhere() {
        let skus: BTreeSet<&str> = items().map(|it| it.0).collect();
        assert_eq!((skus.len(), items().count()), (40, 40));
        for (sku, name, _, price, cost, ..) in items() {
            assert!(!name.is_ascii() && name.bytes().any(|it| it.is_ascii_alphabetic()), "{name}");
            assert!(cost < price, "{sku}");
        }
        let shelved: BTreeSet<&str> = shelves().iter().map(|it| it.sku).collect();
        assert_eq!(shelved, skus);
    }
}
