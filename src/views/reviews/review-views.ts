import type { Criterion } from "../../services/reviews/criteria.ts";
import type { Errors, Page } from "../views.ts";
import type { LineView, ReviewView } from "./present.ts";

interface Choice {
  value: string;
  name: string;
  isChosen: boolean;
}

/** Templates of the quality reviews, and their data. */
export interface ReviewViews {
  "reviews/index": Page & {
    said: string;
    waiting: ReviewView[];
    done: ReviewView[];
    coaching: ReviewView[];
    rules: Choice[];
    agents: Choice[];
  };
  "reviews/mine": Page & { reviews: ReviewView[] };
  "reviews/_list": { reviews: ReviewView[]; empty: string; isCoaching: boolean };
  "reviews/criteria": Page & { criteria: Criterion[]; errors: Errors };
  "reviews/show": Page & {
    review: ReviewView;
    isMine: boolean;
    isAboutMe: boolean;
    canScore: boolean;
    canAdd: boolean;
    /** `given`: 1 to 5; 0: it does not apply; null: nothing said yet. */
    criteria: (Criterion & { given: number | null })[];
    comment: string;
    others: ReviewView[];
    lines: LineView[];
    error: string;
  };
}
