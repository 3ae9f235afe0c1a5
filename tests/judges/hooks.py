"""What Schemathesis is told of the house beyond its document: what exists there."""
import json
import os

import schemathesis

# The key by which it asks. Its id is among those that the house lists, and it might end it.
OWN = os.environ["KONTOR_KEY"].split("_")[1]
# Names of parameters, each with a value that is known: "/v1/orders/{id}" is `id` in that path and below it.
KNOWN = json.loads(os.environ["KONTOR_KNOWN"])


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for path, operations in raw_schema["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                ends = "{%s}" % parameter["name"]
                for name, value in KNOWN.items():
                    if name == parameter["name"] or (name.endswith(ends) and path.startswith(name)):
                        parameter["example"] = value


@schemathesis.hook
def filter_case(context, case):
    if (case.path_parameters or {}).get("id") == OWN:
        return False
    # A header that nobody knows is passed over (RFC 9110): it is no fault that it is not refused.
    # 2.0 is an integer to JSON Schema; our readers want it written as one, and say so.
    return not any("schemathesis-unknown-property" in name for name in case.headers or {}) and not has_fraction(case.body)


def has_fraction(value):
    if isinstance(value, dict):
        return any(has_fraction(it) for it in value.values())
    if isinstance(value, list):
        return any(has_fraction(it) for it in value)
    return isinstance(value, float) and value.is_integer()
