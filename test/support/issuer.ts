import { createServer, type IncomingMessage } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** What a provider of OpenID Connect says of somebody who comes in; changed by tests to lie in every way. */
export interface Lie {
  claims?: Record<string, unknown>;
  /** Header and signature of the id token: of a stranger's key, or none at all. */
  signedBy?: "us" | "stranger" | "nobody";
  /** Claims that only the userinfo tells. */
  userinfo?: Record<string, unknown>;
}

export interface FakeIssuer {
  url: string;
  /** Goes where the browser was sent and answers as the person would. @returns the address it is sent back to. */
  visit: (sentTo: string, person: Record<string, unknown>, lie?: Lie) => Promise<string>;
  asked: string[];
  close: () => Promise<void>;
}

/** Speaks the authorization code flow with PKCE, and signs with a key of its own. */
export async function startIssuer(clientId: string, clientSecret: string): Promise<FakeIssuer> {
  const ours = await generateKeyPair("RS256");
  const stranger = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(ours.publicKey)), kid: "1", alg: "RS256", use: "sig" };
  const codes = new Map<string, { challenge: string; idToken: string; userinfo: Record<string, unknown> }>();
  const asked: string[] = [];
  let told: Record<string, unknown> = {};

  const server = createServer(async (req, res) => {
    const { pathname } = new URL(req.url ?? "/", url);
    asked.push(pathname);
    const send = (status: number, body: unknown): void => {
      res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (pathname === "/.well-known/openid-configuration")
      return send(200, {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        userinfo_endpoint: `${url}/userinfo`,
        jwks_uri: `${url}/keys`,
        scopes_supported: ["openid", "email", "profile", "groups"],
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        code_challenge_methods_supported: ["S256"],
      });
    if (pathname === "/keys") return send(200, { keys: [jwk] });
    if (pathname === "/userinfo") return send(200, told);
    if (pathname !== "/token") return send(404, {});
    const form = new URLSearchParams(await bodyOf(req));
    const basic = Buffer.from((req.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode(form.get("code_verifier") ?? ""),
    );
    if (decodeURIComponent(basic) !== `${clientId}:${clientSecret}`)
      return send(401, { error: "invalid_client" });
    if (code?.challenge !== Buffer.from(digest).toString("base64url"))
      return send(400, { error: "invalid_grant" });
    told = code.userinfo;
    send(200, { access_token: "a", token_type: "Bearer", expires_in: 60, id_token: code.idToken });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;

  async function visit(sentTo: string, person: Record<string, unknown>, lie: Lie = {}): Promise<string> {
    const query = new URL(sentTo).searchParams;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: url,
      aud: clientId,
      iat: now,
      exp: now + 300,
      nonce: query.get("nonce"),
      ...person,
      ...lie.claims,
    };
    const key = lie.signedBy === "stranger" ? stranger.privateKey : ours.privateKey;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const idToken =
      lie.signedBy === "nobody"
        ? `${part({ alg: "none", kid: "1" })}.${part(claims)}.`
        : await new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "1" }).sign(key);
    const code = crypto.randomUUID();
    const userinfo = { sub: person.sub, ...lie.userinfo };
    codes.set(code, { challenge: query.get("code_challenge") ?? "", idToken, userinfo });
    const back = new URL(query.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", query.get("state") ?? "");
    return back.href;
  }

  return {
    url,
    visit,
    asked,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of req) body += chunk;
  return body;
}
