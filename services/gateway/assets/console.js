// What every page does, and what each kind of page does beside.

import { followCounts } from "./counts.js";
import { prepareForms } from "./forms.js";
import { prepareKeys } from "./keys.js";
import { followPage } from "./live.js";
import { prepareTable } from "./table.js";
import { keepTime, localise, nameZone } from "./time.js";

localise(document);
keepTime(document);
nameZone();
prepareForms(document);
const table = document.getElementById("orders");
if (table) prepareTable(table);
const part = document.querySelector("[data-refresh]");
const soon = part ? followPage(part) : () => {};
followCounts(soon);
prepareKeys();
