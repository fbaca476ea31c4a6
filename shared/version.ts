/** As in package.json; a test holds the two together. For User-Agent headers and `salvor --version`. */
export const VERSION = '0.1.0';
