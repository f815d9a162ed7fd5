import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request } from "express";
import helmet from "helmet";

/** Nothing runs, loads or frames but what we sent ourselves; htmx may touch the document, injected text may not. */
export function securityHeaders(https: boolean) {
  const nonce = (req: IncomingMessage, _res: ServerResponse) => `'nonce-${(req as Request).nonce}'`;
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: [nonce, "'strict-dynamic'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "blob:"],
        mediaSrc: ["'self'", "blob:"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        workerSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
        reportUri: ["/csp-reports"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["htmx", "hilo"],
      },
    },
    strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: "same-origin" },
  });
}
