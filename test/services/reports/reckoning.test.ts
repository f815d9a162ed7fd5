import { expect } from "chai";
import { reckon, straightLine } from "../../../src/services/reports/forecast.ts";
import { erlangC, peopleNeeded } from "../../../src/services/reports/staffing.ts";

describe("what reports reckon", () => {
  it("is people by Erlang C as its tables do, and a straight line by hand", () => {
    // A hundred calls of three minutes in half an hour: 10 Erlang; the usual example of the trade.
    expect(erlangC(11, 10)).to.be.closeTo(0.6821, 0.0001);
    expect(erlangC(14, 10)).to.be.closeTo(0.1741, 0.0001);
    expect(peopleNeeded(200, { level: 0.8, within: 20, handling: 180, atOnce: 1 })).to.equal(14);
    expect(peopleNeeded(0, { level: 0.8, within: 20, handling: 180, atOnce: 1 })).to.equal(0);
    expect(peopleNeeded(200, { level: 0.8, within: 20, handling: 180, atOnce: 2 })).to.be.lessThan(14);
    expect(straightLine([1, 2, 3, 4]).at(5)).to.equal(6);
    const monday = Temporal.PlainDate.from("2026-11-23");
    const days = Array.from({ length: 28 }, (_, i) => ({
      date: monday.subtract({ days: 28 - i }).toString(),
      n: i === 20 ? 40 : 10,
    }));
    const made = reckon(days, monday.subtract({ weeks: 26 }), monday);
    expect(
      made.weeks.filter(({ isForecast }) => !isForecast).map(({ conversations }) => conversations),
    ).to.deep.equal([70, 70, 100, 70]);
    expect(made.weeks.filter(({ isForecast }) => isForecast)).to.have.length(4);
    expect(made.peaks).to.deep.equal([{ date: days[20]?.date, conversations: 40, usual: 10 }]);
    expect(reckon([], monday.subtract({ weeks: 26 }), monday)).to.deep.include({
      weeks: [],
      trend: null,
      peaks: [],
    });
  });
});
