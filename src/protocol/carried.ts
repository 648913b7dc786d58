import { ordinary, type Cargo } from '../model/priority.js';
import type { Rate } from '../model/rate.js';

/** How the line is now. */
export interface LineState {
  readonly rate: Rate;
  /** How fast what an urgent release needs may come, where that is faster than `rate`; null: like the rest. */
  readonly urgentRate: Rate | null;
  /** Bytes, or by the rate; null where nothing limits the line, now or later: then things are asked for whole. */
  readonly frame: number | 'usual' | null;
  /** While it is closed: when it opens, in words such as `20:00`, and in how many milliseconds; null where nobody knows. */
  readonly opens: { readonly at: string; readonly inMs: number } | null;
  /** What has a smaller number goes first. */
  rank(repository: string, cargo: Cargo): number;
}

/** What is fetched of each repository now, and so who goes first and at which rate. */
export class Carried {
  /** Not listed: what is ordinary. */
  private readonly cargo = new Map<string, Cargo>();

  constructor(private readonly state: () => LineState) {}

  begin(repository: string, cargo: Cargo): void {
    this.cargo.set(repository, cargo);
  }

  end(repository: string): void {
    this.cargo.delete(repository);
  }

  rankOf(repository: string): number {
    return this.state().rank(repository, this.cargo.get(repository) ?? ordinary);
  }

  /** Whether what is fetched of a repository goes at the rate of the urgent. */
  isExpress(repository: string): boolean {
    return this.cargo.get(repository)?.urgent === true && this.state().urgentRate !== null;
  }

  get hasExpress(): boolean {
    return [...this.cargo.keys()].some((repository) => this.isExpress(repository));
  }

  rateFor(repository: string): Rate {
    const { rate, urgentRate } = this.state();
    return this.isExpress(repository) && urgentRate !== null ? urgentRate : rate;
  }

  /** Of all of it together. */
  rateOfAll(): Rate {
    const { rate, urgentRate } = this.state();
    return this.hasExpress && urgentRate !== null ? urgentRate : rate;
  }
}
