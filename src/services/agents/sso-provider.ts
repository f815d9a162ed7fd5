import type { ClientAuth, Configuration } from "openid-client";
import type { Config } from "../../config.ts";
import { safeFetchOf } from "../platform/safe-fetch.ts";

// A third of a second to load; who never comes in this way never waits for it.
const openid = () => import("openid-client");

/** What we are known by at a provider. */
export interface Client {
  issuer: string;
  clientId: string;
  secret: string;
}

/** What somebody who leaves for the provider must come back with; kept in their session. */
export interface Question {
  state: string;
  nonce: string;
  verifier: string;
}

/** Who somebody is, as the provider says. */
export interface Identity {
  issuer: string;
  subject: string;
  /** Null unless the provider vouches for it. */
  email: string | null;
  name: string;
  locale: string;
  groups: string[];
  /** When they last proved it there; null when it does not say. */
  provedAt: Date | null;
}

/** Asks the provider what it offers. @throws when it does not answer, or calls itself something else. */
export async function discover(
  config: Pick<Config, "internalOrigins">,
  { issuer, clientId, secret }: Client,
): Promise<Configuration> {
  const client = await openid();
  const safeFetch = safeFetchOf(config);
  const url = new URL(issuer);
  const fetchJson: typeof safeFetch = (address, init) => safeFetch(address, init);
  const isBare = url.protocol === "http:" && config.internalOrigins.includes(url.origin);
  // How the secret is sent is the provider's choice: in the form where it takes that, for spellings of the header differ.
  const authenticate: ClientAuth = (server, ...rest) =>
    (server.token_endpoint_auth_methods_supported?.includes("client_secret_post")
      ? client.ClientSecretPost(secret)
      : client.ClientSecretBasic(secret))(server, ...rest);
  const found = await client.discovery(url, clientId, undefined, authenticate, {
    [client.customFetch]: fetchJson as never,
    // The signature counts, not only the wire that it came on.
    execute: [client.enableNonRepudiationChecks, ...(isBare ? [client.allowInsecureRequests] : [])],
  });
  found.timeout = 10;
  return found;
}

/** Where to send somebody, and what they must come back with. @param again they must prove it afresh there. */
export async function ask(
  config: Configuration,
  back: string,
  again: boolean,
): Promise<{ url: string; question: Question }> {
  const client = await openid();
  const question = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  };
  const offered = config.serverMetadata().scopes_supported ?? [];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: back,
    response_type: "code",
    // Some name groups only to who asks for them, others refuse who asks for what they do not know.
    scope: ["openid", "email", "profile", ...(offered.includes("groups") ? ["groups"] : [])].join(" "),
    state: question.state,
    nonce: question.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(question.verifier),
    code_challenge_method: "S256",
    // A provider that is asked for a maximum age must say when it was proved (OpenID Connect Core, 3.1.2.1).
    ...(again ? { prompt: "login", max_age: "0" } : {}),
  });
  return { url: url.href, question };
}

/**
 * Who came back. The library looks at state, issuer, audience, times, nonce and signature.
 *
 * @param back the address they came back to, whole. @throws when anything does not fit.
 */
export async function hear(
  config: Configuration,
  back: string,
  question: Question,
  groupsClaim: string,
): Promise<Identity> {
  const client = await openid();
  const tokens = await client.authorizationCodeGrant(config, new URL(back), {
    pkceCodeVerifier: question.verifier,
    expectedState: question.state,
    expectedNonce: question.nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new Error("the provider says not who it is");
  // Some keep their tokens thin and tell the rest to who asks; the library sees to it that it is the same person.
  const isThin = claims.email === undefined || claims[groupsClaim] === undefined;
  const more =
    isThin && config.serverMetadata().userinfo_endpoint
      ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
      : {};
  // An address and the word for it come from one place.
  const {
    email: _email,
    email_verified: _verified,
    xms_edov: _owned,
    ...rest
  } = more as Record<string, unknown>;
  return identityOf({ ...(claims.email === undefined ? more : rest), ...claims }, groupsClaim);
}

/** Pure. An address counts when the provider says that it has seen to it: `email_verified`, or Entra's `xms_edov`. */
export function identityOf(claims: Record<string, unknown>, groupsClaim: string): Identity {
  const text = (value: unknown) => (typeof value === "string" ? value.trim() : "");
  const email = text(claims.email).toLowerCase();
  const isVerified = [claims.email_verified, claims.xms_edov].some((one) =>
    [true, "true", 1, "1"].includes(one as never),
  );
  const { auth_time: time } = claims;
  return {
    issuer: text(claims.iss),
    subject: text(claims.sub),
    email: isVerified && /^[^\s@]{1,64}@[^\s@]{1,189}$/.test(email) ? email : null,
    name: text(claims.name).slice(0, 120),
    locale: text(claims.locale),
    groups: [claims[groupsClaim] ?? []].flat().filter((one) => typeof one === "string"),
    provedAt: typeof time === "number" ? new Date(time * 1000) : null,
  };
}
