// What of Swagger UI is used here; its bundle brings no types of its own.
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface Options {
    domNode: HTMLElement;
    url: string;
    deepLinking?: boolean;
    defaultModelsExpandDepth?: number;
    displayRequestDuration?: boolean;
    validatorUrl?: string | null;
  }
  export default function SwaggerUI(options: Options): unknown;
}
