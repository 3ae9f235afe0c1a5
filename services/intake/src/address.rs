//! Where people are and how they are reached: provinces and their postcodes, telephone numbers,
//! mail addresses.

/// A province, as people say it, and the first two digits of its postcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Province {
    pub(crate) name: &'static str,
    pub(crate) postcodes: &'static [&'static str],
}

/// Every province, municipality, autonomous region and special administrative region.
///
/// TO BE VERIFIED against an official source (China Post) before it is relied on: the table was put
/// together from general knowledge.
pub(crate) const PROVINCES: &[Province] = &[
    Province { name: "北京", postcodes: &["10"] },
    Province { name: "天津", postcodes: &["30"] },
    Province { name: "河北", postcodes: &["05", "06", "07"] },
    Province { name: "山西", postcodes: &["03", "04"] },
    // 13: Ulanhot is served from Jilin.
    Province { name: "内蒙古", postcodes: &["01", "02", "13"] },
    Province { name: "辽宁", postcodes: &["11", "12"] },
    Province { name: "吉林", postcodes: &["13"] },
    Province { name: "黑龙江", postcodes: &["15", "16"] },
    Province { name: "上海", postcodes: &["20"] },
    Province { name: "江苏", postcodes: &["21", "22"] },
    Province { name: "浙江", postcodes: &["31", "32"] },
    Province { name: "安徽", postcodes: &["23", "24"] },
    Province { name: "福建", postcodes: &["35", "36"] },
    Province { name: "江西", postcodes: &["33", "34"] },
    Province { name: "山东", postcodes: &["25", "26", "27"] },
    Province { name: "河南", postcodes: &["45", "46", "47"] },
    Province { name: "湖北", postcodes: &["43", "44"] },
    Province { name: "湖南", postcodes: &["41", "42"] },
    Province { name: "广东", postcodes: &["51", "52"] },
    Province { name: "广西", postcodes: &["53", "54"] },
    Province { name: "海南", postcodes: &["57"] },
    Province { name: "重庆", postcodes: &["40"] },
    Province { name: "四川", postcodes: &["61", "62", "63", "64"] },
    Province { name: "贵州", postcodes: &["55", "56"] },
    Province { name: "云南", postcodes: &["65", "66", "67"] },
    Province { name: "西藏", postcodes: &["85"] },
    Province { name: "陕西", postcodes: &["71", "72"] },
    Province { name: "甘肃", postcodes: &["73", "74"] },
    Province { name: "青海", postcodes: &["81"] },
    Province { name: "宁夏", postcodes: &["75"] },
    Province { name: "新疆", postcodes: &["83", "84"] },
    // Codes by which mail from the mainland is sorted: 999077, 999078, 999079.
    Province { name: "香港", postcodes: &["99"] },
    Province { name: "澳门", postcodes: &["99"] },
    Province { name: "台湾", postcodes: &["99"] },
];

/// What may stand behind a province's name. The longer ones first.
const SUFFIXES: &[&str] =
    &["维吾尔自治区", "特别行政区", "壮族自治区", "回族自治区", "自治区", "省", "市"];

/// The province of this name, with or without its suffix.
pub(crate) fn province(text: &str) -> Option<&'static Province> {
    let text = text.trim();
    let bare = SUFFIXES.iter().find_map(|it| text.strip_suffix(it)).unwrap_or(text);
    PROVINCES.iter().find(|it| it.name == bare)
}

/// Whether this is a Chinese postcode at all.
pub(crate) fn is_postcode(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|it| it.is_ascii_digit())
}

impl Province {
    /// Whether a postcode is one of the province's.
    pub(crate) fn has(&self, postcode: &str) -> bool {
        self.postcodes.iter().any(|it| postcode.starts_with(it))
    }
}

/// A telephone number in E.164. Spaces and hyphens do not matter. What begins with +86 or 0086 has
/// to be a mobile number; in China so has a number without any country.
pub(crate) fn phone(text: &str, country: &str) -> Option<String> {
    let bare: String = text.chars().filter(|it| !matches!(it, ' ' | '-')).collect();
    let mobile = match bare.strip_prefix("+86").or_else(|| bare.strip_prefix("0086")) {
        Some(national) => national,
        None if country == "CN" && !bare.starts_with('+') => &bare,
        None => return is_international(&bare).then_some(bare),
    };
    is_mobile(mobile).then(|| format!("+86{mobile}"))
}

/// Eleven digits, the first a 1, the second 3 to 9.
fn is_mobile(text: &str) -> bool {
    let digits = text.bytes().all(|it| it.is_ascii_digit());
    digits && text.len() == 11 && text.starts_with('1') && text.as_bytes()[1] >= b'3'
}

/// A plus and 7 to 15 digits, the first no zero.
fn is_international(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    let count = (7..=15).contains(&digits.len());
    count && digits.bytes().all(|it| it.is_ascii_digit()) && !digits.starts_with('0')
}

/// Whether this may be a mail address; only its writing is looked at.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |it: char| it.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(it);
    let dotted = |it: &str| !it.split('.').any(str::is_empty);
    let label = |it: &str| {
        let named = it.chars().all(|it| it.is_alphanumeric() || it == '-');
        named && !it.starts_with('-') && !it.ends_with('-')
    };
    text.len() <= 254
        && local.len() <= 64
        && local.chars().all(plain)
        && dotted(local)
        && domain.contains('.')
        && dotted(domain)
        && domain.split('.').all(label)
}
