package oidc

// profileFAPI2 is the FAPI 2.0 Security Profile, which a client may be held to.
const profileFAPI2 = "fapi2"
