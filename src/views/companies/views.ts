import type { Company } from "../../services/contacts/companies.ts";
import type { CaseView } from "../conversations/cases.ts";
import type { Page } from "../views.ts";

/** Templates of companies, and their data. */
export interface CompanyViews {
  "companies/index": Page & {
    search: string;
    companies: (Company & { words: string })[];
    next: string | null;
  };
  "companies/show": Page & {
    company: Company;
    error: string;
    worth: string;
    people: { id: number; name: string; initials: string; details: string }[];
    cases: (CaseView & { contactId: number })[];
    next: string | null;
  };
}
