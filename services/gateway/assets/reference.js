// Renders a document with Redoc: nothing is asked of anybody but this gateway.
import { init } from "/docs/assets/redoc.js";

const place = document.getElementById("reference");
const options = {
  disableTelemetry: true,
  hideLogo: true,
  router: "hash",
  scrollYOffset: ".bar",
  showPageActions: false,
};
init(place.dataset.document, options, place);
