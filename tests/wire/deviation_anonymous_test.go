package wire

import "encoding/json"

func anonymousDeviations() []deviation {
	return []deviation{
		{
			ID:         "signatures-are-verified",
			BetterAuth: "`POST /siwe/verify` takes what a function of the app's own takes for a signature, and the domain in any case.",
			Authd:      "It verifies the signature of the account's key (ERC-191), reads the message by the grammar of EIP-4361, and the domain, URI and checksum must be right.",
			Why:        "There is no such function here; the recorded server's took a word.",
			Recordings: []int{510},
			Change: func(recording, exchange) exchange {
				return exchange{Status: 401, Header: map[string]any{"Content-Type": "application/json"}, Body: object{
					{"message", "Unauthorized: Invalid SIWE signature"}, {"status", json.Number("401")},
				}}
			},
		},
		{
			ID:         "who-was-anonymous-loses-nothing",
			BetterAuth: "Who was anonymous and signs up or in is another user from then on, and all that the server had of the first is deleted.",
			Authd:      "Picture and fields of one's own go over, where the second has none; connecting an account, or proving an address, makes the anonymous user somebody with the same id; the webhook `user.linked` tells of both.",
			Why:        "People fill in what they are asked before they are asked who they are.",
		},
	}
}
