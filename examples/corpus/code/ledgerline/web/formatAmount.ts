/** Amounts as ledgerline sends them: integers of minor units and a currency code. */
export interface Amount {
  minor: number;
  currency: string;
}

const MINOR_DIGITS: Record<string, number> = { JPY: 0, KRW: 0, BHD: 3, KWD: 3 };

/** Largest amount that is shown in full; above it, `formatAmount` switches to compact notation. */
export const COMPACT_ABOVE = 9_999_999;

export function minorDigits(currency: string): number {
  return MINOR_DIGITS[currency] ?? 2;
}

/** `{minor: 123456, currency: "GBP"}` becomes `£1,234.56` in British English. */
export function formatAmount(amount: Amount, locale = "en-GB"): string {
  if (!Number.isSafeInteger(amount.minor)) {
    throw new RangeError(`not a whole number of minor units: ${amount.minor}`);
  }
  const digits = minorDigits(amount.currency);
  const value = amount.minor / 10 ** digits;
  const compact = Math.abs(value) > COMPACT_ABOVE;
  return new Intl.NumberFormat(locale, {
    style: "currency",
    currency: amount.currency,
    notation: compact ? "compact" : "standard",
    minimumFractionDigits: compact ? 0 : digits,
    maximumFractionDigits: compact ? 1 : digits,
  }).format(value);
}

/** Adds amounts of one currency; mixing currencies is an error, as it is on the server. */
export function addAmounts(first: Amount, ...others: Amount[]): Amount {
  let minor = first.minor;
  for (const other of others) {
    if (other.currency !== first.currency) {
      throw new TypeError(`cannot add ${other.currency} to ${first.currency}`);
    }
    minor += other.minor;
  }
  return { minor, currency: first.currency };
}
