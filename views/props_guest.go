package views

// WalletButton is signing in with an Ethereum account.
type WalletButton struct {
	Last bool // what was used last in this browser
}
