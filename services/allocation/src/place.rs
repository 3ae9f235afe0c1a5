//! How far it is, and what the way costs. Whole numbers only.

use contracts::Place;

/// Where a province's capital lies, in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    latitude: i64,
    longitude: i64,
}

/// Assumed within one city.
const SAME_CITY_KM: i64 = 10;

/// Assumed between two cities of a province, and the least between two provinces.
const SAME_PROVINCE_KM: i64 = 100;

/// Assumed where a province is not in the table: far, so that any known way is better.
const UNKNOWN_KM: i64 = 3_000;

/// The tariff: every parcel costs this much, in cents …
pub(crate) const FREIGHT_BASE: i64 = 800;

/// … and each kilogramme this much on top, and a cent more for every five kilometres. Grams count
/// exactly: there is no rounding to whole kilogrammes, so that a plan's cost is linear in what each
/// warehouse sends, and the best plan can be found exactly.
pub(crate) fn freight_per_kg(km: i64) -> i64 {
    80 + km / 5
}

/// The point from which distances to a province are measured: its capital.
pub(crate) fn capital(province: &str) -> Option<Point> {
    let (_, latitude, longitude) = CAPITALS.into_iter().find(|it| it.0 == province)?;
    Some(Point { latitude, longitude })
}

/// Kilometres from a warehouse to where an order goes.
pub(crate) fn distance(from: (&str, &str, Option<Point>), to: &Place, at: Option<Point>) -> i64 {
    let (province, city, point) = from;
    match (point, at) {
        _ if province == to.province && city == to.city => SAME_CITY_KM,
        _ if province == to.province => SAME_PROVINCE_KM,
        (Some(point), Some(at)) => between(point, at).max(SAME_PROVINCE_KM),
        (None, _) | (_, None) => UNKNOWN_KM,
    }
}

/// The distance on a plane that touches the globe half-way (equirectangular). Compared with the
/// great circle it errs by 1.2 % at most between the capitals below.
fn between(a: Point, b: Point) -> i64 {
    const METRES_A_DEGREE: i64 = 111_195;
    let north = a.latitude - b.latitude;
    let east = (a.longitude - b.longitude) * cosine(i64::midpoint(a.latitude, b.latitude)) / 10_000;
    (north * north + east * east).isqrt() * METRES_A_DEGREE / 1_000_000_000
}

/// The cosine of an angle between 0° and 60°, in ten-thousandths; interpolated between whole
/// degrees.
fn cosine(angle: i64) -> i64 {
    let (degree, fraction) = (angle.div_euclid(1_000_000), angle.rem_euclid(1_000_000));
    let degree = usize::try_from(degree).unwrap_or_default().min(COSINES.len() - 2);
    COSINES[degree] - (COSINES[degree] - COSINES[degree + 1]) * fraction / 1_000_000
}

const COSINES: [i64; 61] = [
    10_000, 9998, 9994, 9986, 9976, 9962, 9945, 9925, 9903, 9877, 9848, 9816, 9781, 9744, 9703,
    9659, 9613, 9563, 9511, 9455, 9397, 9336, 9272, 9205, 9135, 9063, 8988, 8910, 8829, 8746, 8660,
    8572, 8480, 8387, 8290, 8192, 8090, 7986, 7880, 7771, 7660, 7547, 7431, 7314, 7193, 7071, 6947,
    6820, 6691, 6561, 6428, 6293, 6157, 6018, 5878, 5736, 5592, 5446, 5299, 5150, 5000,
];

const CAPITALS: [(&str, i64, i64); 34] = [
    ("北京", 39_904_200, 116_407_400),
    ("天津", 39_084_200, 117_200_900),
    ("河北", 38_042_800, 114_514_900),
    ("山西", 37_870_600, 112_548_900),
    ("内蒙古", 40_842_600, 111_749_200),
    ("辽宁", 41_805_700, 123_431_500),
    ("吉林", 43_817_100, 125_323_500),
    ("黑龙江", 45_803_800, 126_535_000),
    ("上海", 31_230_400, 121_473_700),
    ("江苏", 32_060_300, 118_796_900),
    ("浙江", 30_274_100, 120_155_100),
    ("安徽", 31_820_600, 117_227_200),
    ("福建", 26_074_500, 119_296_500),
    ("江西", 28_682_000, 115_857_900),
    ("山东", 36_651_200, 117_120_100),
    ("河南", 34_746_600, 113_625_300),
    ("湖北", 30_592_800, 114_305_500),
    ("湖南", 28_228_200, 112_938_800),
    ("广东", 23_129_100, 113_264_400),
    ("广西", 22_817_000, 108_366_500),
    ("海南", 20_044_000, 110_199_900),
    ("重庆", 29_563_000, 106_551_600),
    ("四川", 30_572_800, 104_066_800),
    ("贵州", 26_647_000, 106_630_200),
    ("云南", 25_038_900, 102_718_300),
    ("西藏", 29_652_000, 91_172_100),
    ("陕西", 34_341_600, 108_939_800),
    ("甘肃", 36_061_100, 103_834_300),
    ("青海", 36_617_100, 101_778_200),
    ("宁夏", 38_487_200, 106_230_900),
    ("新疆", 43_825_600, 87_616_800),
    ("香港", 22_319_300, 114_169_400),
    ("澳门", 22_198_700, 113_543_900),
    ("台湾", 25_033_000, 121_565_400),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_close_to_the_great_circle() {
        let km = |a, b| between(capital(a).unwrap(), capital(b).unwrap());
        assert_eq!(km("北京", "上海"), 1067); // 1067.3
        assert_eq!(km("上海", "江苏"), 269); // 269.7
        assert_eq!(km("黑龙江", "海南"), 3244); // 3230.3
        assert_eq!(km("西藏", "黑龙江"), 3591); // 3549.7, the farthest off
    }

    #[test]
    fn near_is_assumed_and_unknown_is_far() {
        let to = Place {
            country: "CN".to_owned(),
            province: "江苏".to_owned(),
            city: "苏州".to_owned(),
            district: String::new(),
            postcode: String::new(),
        };
        let km =
            |province, city| distance((province, city, capital(province)), &to, capital("江苏"));
        assert_eq!(km("江苏", "苏州"), 10);
        assert_eq!(km("江苏", "南京"), 100);
        assert_eq!(km("上海", "上海"), 269);
        assert_eq!(km("Bayern", "München"), 3000);
    }
}
