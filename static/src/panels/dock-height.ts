// How high the reader has drawn the dock; remembered in this browser.
const KEY = "routilux.dock";
const FIRST_HEIGHT = 300;

export function keptHeight(): number {
  try {
    return Number(localStorage.getItem(KEY)) || FIRST_HEIGHT;
  } catch {
    return FIRST_HEIGHT; // storage is forbidden: nothing is remembered
  }
}

export function keepHeight(height: number): void {
  try {
    localStorage.setItem(KEY, String(height));
  } catch {
    return;
  }
}
