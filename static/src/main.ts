// What every page loads: the styles and the elements that the templates compose.
export {};
