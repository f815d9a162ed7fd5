import { expect } from "chai";
import {
  formatPhone,
  parsePhone,
  phoneAlternate,
  phoneLookupKey,
  phoneMatchKey,
} from "../../../src/services/contacts/phone.ts";

describe("phone", () => {
  for (const [spelling, key, why] of [
    ["5215512345678", "525512345678", "Mexico without the 1"],
    ["525512345678", "525512345678", "Mexico as it is"],
    ["5491155500123", "541155500123", "Argentina without the 9"],
    ["554188887777", "5541988887777", "Brazil with the ninth digit"],
    ["5541988887777", "5541988887777", "Brazil as it is"],
    ["554132345678", "554132345678", "a Brazilian landline stays"],
    ["447700900123", "447700900123", "no rule for the country"],
    ["549", "549", "part of a number"],
  ] as const) {
    it(`matches ${spelling} as ${key}: ${why}`, () => expect(phoneMatchKey(spelling)).to.equal(key));
  }

  it("never recognises a sender without the Argentinian 9 as a mobile", () => {
    expect(phoneLookupKey("541112345678")).to.equal(null);
    expect(phoneLookupKey("5491112345678")).to.equal("541112345678");
  });

  for (const [digits, other] of [
    ["5215512345678", "525512345678"],
    ["525512345678", "5215512345678"],
    ["5491155500123", "541155500123"],
    ["541155500123", null],
    ["5541988887777", "554188887777"],
    ["554188887777", "5541988887777"],
    ["554132345678", null],
    ["34600112233", null],
  ] as const) {
    it(`tries ${other ?? "nothing"} where ${digits} is refused`, () =>
      expect(phoneAlternate(digits)).to.equal(other));
  }

  it("shows numbers as people write them", () => {
    expect(formatPhone("5215512345678")).to.equal("+52 55 1234 5678");
    expect(formatPhone("34600112233")).to.equal("+34 600 11 22 33");
    expect(formatPhone("123")).to.equal("+123");
  });

  it("reads what people type, in their country", () => {
    expect(parsePhone("55 1234 5678", "MX")).to.equal("525512345678");
    expect(parsePhone("0034 600 11 22 33", "MX")).to.equal("34600112233");
    expect(parsePhone("+52 1 55 1234 5678", "MX")).to.equal("525512345678");
    expect(parsePhone("+1 212 555 0123", "MX")).to.equal("12125550123");
    expect(parsePhone("not a phone", "MX")).to.equal(null);
  });
});
