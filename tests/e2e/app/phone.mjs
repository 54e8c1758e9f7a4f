// What an app made with Expo asks its phone for, in place of React Native's and Expo's modules.
export const scheme = "authdtest";

export const Platform = { OS: "android" };
export const AppState = { addEventListener: () => ({ remove() {} }) };
export const addNetworkStateListener = () => ({ remove() {} });
export const createURL = (to) => `${scheme}://${to.replace(/^\//, "")}`;
export const dismissAuthSession = () => {};
// openAuthSessionAsync opens the phone's browser until it is sent back into the app.
export const openAuthSessionAsync = (url, to) => globalThis.phone.browse(url, to);
export default { expoConfig: { scheme } };
