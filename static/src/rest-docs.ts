// The page to try REST: Swagger UI over the server's own document. Nothing is asked of anybody else.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./styles/rest-docs.css";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

/** Swagger UI has a dark theme of its own, behind a class. */
function followTheme(): void {
  const theme = root.dataset["theme"];
  root.classList.toggle("dark-mode", theme ? theme === "dark" : system.matches);
}

const place = document.querySelector<HTMLElement>("#rest-docs");
if (place) {
  followTheme();
  system.addEventListener("change", followTheme);
  new MutationObserver(followTheme).observe(root, { attributeFilter: ["data-theme"] });
  SwaggerUI({
    domNode: place,
    url: place.dataset["document"] ?? "",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    validatorUrl: null, // swagger.io's badge would send the document there
  });
}
