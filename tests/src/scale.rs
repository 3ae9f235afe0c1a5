/// How much of something a test does: little, so that all of them take minutes; or all of it, where
/// `KONTOR_FULL` is set.
#[expect(clippy::disallowed_methods, reason = "no setting of the house: of its tests alone")]
pub fn scale(little: u64, all: u64) -> u64 {
    if std::env::var_os("KONTOR_FULL").is_some() { all } else { little }
}
