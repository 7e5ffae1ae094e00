import type { Declaration } from '../discovery/declaration.ts';
import type { LostKind } from './reason.ts';

/** A package that may have the kinds it declares, as far as it alone is concerned. */
export interface Candidate {
  readonly name: string;
  readonly direct: boolean;
  readonly declarations: readonly Declaration[];
}

export interface SettledKinds {
  /** Each kind that one package has. */
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** What each package may not have, by package name. */
  readonly lost: ReadonlyMap<string, readonly LostKind[]>;
  /** Kinds that `prefer` gives to a package which cannot take them, with the packages that could. */
  readonly unmet: readonly { readonly kind: string; readonly wanted: string; readonly candidates: readonly string[] }[];
}

interface Claim {
  readonly candidate: Candidate;
  readonly declaration: Declaration;
}

/**
 * Gives each kind to one package. A kind named in `prefer` goes to that package and to no other, so that a connector's
 * credentials never reach a package that was not chosen; else to the one direct dependency that claims it; else to the
 * only package that claims it. A kind that several have the same right to is given to none.
 */
export function settleKinds(candidates: readonly Candidate[], prefer: Readonly<Record<string, string>>): SettledKinds {
  const claims = new Map<string, Claim[]>();
  for (const candidate of candidates) {
    for (const declaration of candidate.declarations) {
      const others = claims.get(declaration.kind) ?? [];
      claims.set(declaration.kind, [...others, { candidate, declaration }]);
    }
  }
  const declarations = new Map<string, Declaration>();
  const lost = new Map<string, LostKind[]>();
  const unmet: SettledKinds['unmet'][number][] = [];
  for (const [kind, claimants] of claims) {
    const wanted = Object.hasOwn(prefer, kind) ? prefer[kind] : undefined;
    const winner = chooseWinner(claimants, wanted);
    if (winner !== undefined) declarations.set(kind, winner.declaration);
    else if (wanted !== undefined) unmet.push({ kind, wanted, candidates: claimants.map(claimantName) });
    for (const claim of claimants) {
      if (claim === winner) continue;
      const name = claimantName(claim);
      lost.set(name, [...(lost.get(name) ?? []), explainLoss(claim, { kind, wanted, winner, claimants })]);
    }
  }
  return { declarations, lost, unmet };
}

function chooseWinner(claimants: readonly Claim[], wanted: string | undefined): Claim | undefined {
  if (wanted !== undefined) return claimants.find((claim) => claimantName(claim) === wanted);
  if (claimants.length === 1) return claimants[0];
  const direct = claimants.filter(({ candidate }) => candidate.direct);
  return direct.length === 1 ? direct[0] : undefined;
}

interface Contest {
  readonly kind: string;
  readonly wanted: string | undefined;
  readonly winner: Claim | undefined;
  readonly claimants: readonly Claim[];
}

function explainLoss(claim: Claim, { kind, wanted, winner, claimants }: Contest): LostKind {
  if (wanted !== undefined) return { kind, because: 'preferred', winner: wanted };
  if (winner !== undefined) return { kind, because: 'direct', winner: claimantName(winner) };
  return { kind, because: 'contested', others: claimants.filter((other) => other !== claim).map(claimantName) };
}

function claimantName({ candidate }: Claim): string {
  return candidate.name;
}
