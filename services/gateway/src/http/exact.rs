//! What the document says of texts and parameters beyond what types tell: what is not said there would
//! be refused, and nobody could know.

use contracts::Status;
use serde_json::{Value, json};

/// No character that controls anything: what [`super::checked::Faults::text`] lets through.
const PRINTABLE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// Every text with a least length is one that people read.
pub(super) fn texts_are_printable(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("minLength") && !fields.contains_key("pattern") {
                fields.insert("pattern".to_owned(), json!(PRINTABLE));
            }
            fields.values_mut().for_each(texts_are_printable);
        }
        Value::Array(items) => items.iter_mut().for_each(texts_are_printable),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A parameter may be left out, but is never `null`; statuses are those that there are.
pub(super) fn parameters_are_as_read(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        if let Some(types) = parameter.pointer_mut("/schema/type")
            && let Some([one, null]) = types.as_array().map(Vec::as_slice)
            && null == "null"
        {
            *types = one.clone();
        }
        if parameter["name"] == "status" {
            let names = Status::ALL.map(Status::name).join("|");
            parameter["schema"]["pattern"] = json!(format!("^({names})(,({names}))*$"));
        }
    }
}
