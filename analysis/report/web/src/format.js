// Numbers for people: three significant digits, units said once.
export const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)} %`;

export function significant(value, digits = 3) {
  if (value === 0 || value === null || value === undefined || Number.isNaN(value)) return value === 0 ? '0' : '–';
  if (value < 0) return `−${significant(-value, digits)}`;
  const size = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.max(0, digits - 1 - size);
  const rounded = size >= digits ? Math.round(value / 10 ** (size - digits + 1)) * 10 ** (size - digits + 1) : value;
  return rounded.toLocaleString('en', { minimumFractionDigits: Math.min(decimals, 6), maximumFractionDigits: Math.min(decimals, 6) });
}

export const billions = (yuan) => significant(yuan / 1e9);
export const millions = (yuan) => significant(yuan / 1e6);
export const count = (value) => Math.round(value).toLocaleString('en');
export const spread = (range) => `${billions(range.low)} to ${billions(range.high)}`;

export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let unit = 0;
  for (; value >= 1000 && unit + 1 < units.length; unit += 1) value /= 1000;
  return `${significant(value)} ${units[unit]}`;
}

// 99.95 % reads better as what is missing: minutes or hours in a year.
export const downtime = (availability) => {
  const hours = (1 - availability) * 8766;
  return hours >= 1 ? `${significant(hours)} h a year` : `${significant(hours * 60)} min a year`;
};

// A title begins with a capital letter.
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function words(id) {
  return id.replaceAll('_', ' ').replaceAll('.', ' ');
}
