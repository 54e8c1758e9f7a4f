package siwe

import (
	"slices"
	"strings"
	"testing"
)

const whole = `https://app.example.com:8443 wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the Terms of Service: https://app.example.com/tos

URI: https://app.example.com/login?x=1#y
Version: 1
Chain ID: 1
Nonce: 32891756abcdEFGH
Issued At: 2021-09-30T16:25:24.000Z
Expiration Time: 2021-10-30T16:25:24+02:00
Not Before: 2021-09-30T16:25:24Z
Request ID: some-id_%20:@
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json`

func TestAMessageIsRead(t *testing.T) {
	t.Parallel()
	m, err := Parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	if m.Scheme != "https" || m.Domain != "app.example.com:8443" || m.Address != "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2" || m.ChainID != 1 ||
		m.Statement != "I accept the Terms of Service: https://app.example.com/tos" || m.URI != "https://app.example.com/login?x=1#y" || m.Nonce != "32891756abcdEFGH" ||
		m.IssuedAt.UnixMilli() != 1633019124000 || m.ExpirationTime.UnixMilli() != 1635603924000 || m.NotBefore.UnixMilli() != 1633019124000 ||
		m.RequestID != "some-id_%20:@" || len(m.Resources) != 2 || m.Resources[0] != "ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/" {
		t.Fatalf("%+v", m)
	}
	for rule, change := range map[string][2]string{
		"without a scheme":                   {"https://app.example.com:8443 wants", "app.example.com:8443 wants"},
		"without a statement":                {"I accept the Terms of Service: https://app.example.com/tos\n", ""},
		"without one, as viem writes it":     {"I accept the Terms of Service: https://app.example.com/tos\n\n", ""},
		"an address without a checksum":      {"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"},
		"no resources, but their heading":    {"\n- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/\n- https://example.com/my-web2-claim.json", ""},
		"an empty request id":                {"some-id_%20:@", ""},
		"an IPv6 address for a domain":       {"app.example.com:8443 wants", "[2001:db8::1]:8443 wants"},
		"a time with less than milliseconds": {"16:25:24.000Z", "16:25:24.123456789Z"},
	} {
		if _, err := Parse(strings.Replace(whole, change[0], change[1], 1)); err != nil {
			t.Errorf("%s is refused", rule)
		}
	}
}

func TestWhatIsNoMessageIsRefused(t *testing.T) {
	t.Parallel()
	swap := func(a, b string) string {
		lines := strings.Split(whole, "\n")
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, a) })
		j := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, b) })
		lines[i], lines[j] = lines[j], lines[i]
		return strings.Join(lines, "\n")
	}
	replace := func(old, by string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("%q is not in the message", old)
		}
		return strings.Replace(whole, old, by, 1)
	}
	for rule, text := range map[string]string{
		"nothing":                    "",
		"an empty line before it":    "\n" + whole,
		"an empty line behind it":    whole + "\n",
		"lines that end as Windows'": strings.ReplaceAll(whole, "\n", "\r\n"),
		"a space behind the header":  replace("account:\n", "account: \n"),
		"another language":           replace("wants you to sign in", "wants you to sign up"),
		"no domain":                  replace("https://app.example.com:8443 wants", " wants"),
		"a path behind the domain":   replace("8443 wants", "8443/x wants"),
		"two schemes":                replace("https://app", "https://https://app"),
		"a scheme of digits":         replace("https://app.example.com:8443 wants", "1https://app.example.com wants"),
		"no address":                 replace("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n", ""),
		"a wrong checksum":           replace("0xC02aaA", "0xC02AaA"),
		"a short address":            replace("756Cc2", "756Cc"),
		"no line below the address":  replace("756Cc2\n\n", "756Cc2\n"),
		"a statement of two lines":   replace("I accept", "I\naccept"),
		"a statement beyond ASCII":   replace("I accept", "Ich möchte"),
		"a statement with a quote":   replace("I accept", `I "accept"`),
		"a tab in the statement":     replace("I accept", "I\taccept"),
		"no line below it":           replace("/tos\n\n", "/tos\n"),
		"a field twice":              replace("Chain ID: 1\n", "Chain ID: 1\nChain ID: 2\n"),
		"a field of its own":         replace("Chain ID: 1\n", "Chain ID: 1\nTeam: red\n"),
		"two fields in turn":         swap("Chain ID", "Nonce"),
		"the times in turn":          swap("Expiration", "Not Before"),
		"no version":                 replace("Version: 1\n", ""),
		"a version to come":          replace("Version: 1", "Version: 2"),
		"a version with a space":     replace("Version: 1", "Version: 1 "),
		"a URI without a scheme":     replace("URI: https://", "URI: "),
		"a URI with a space":         replace("/login", "/log in"),
		"a URI that is a scheme":     replace("URI: https://app.example.com/login?x=1#y", "URI: https:"),
		"no number of a chain":       replace("Chain ID: 1", "Chain ID: "),
		"a chain below 1":            replace("Chain ID: 1", "Chain ID: 0"),
		"a chain with a sign":        replace("Chain ID: 1", "Chain ID: +1"),
		"a chain in hex":             replace("Chain ID: 1", "Chain ID: 0x1"),
		"a chain with a fraction":    replace("Chain ID: 1", "Chain ID: 1.0"),
		"a chain beyond numbers":     replace("Chain ID: 1", "Chain ID: 9007199254740992"),
		"a nonce of seven":           replace("32891756abcdEFGH", "3289175"),
		"a nonce with a dash":        replace("32891756abcdEFGH", "32891756-abcdEFGH"),
		"a long nonce":               replace("32891756abcdEFGH", strings.Repeat("a", 251)),
		"a date":                     replace("2021-09-30T16:25:24.000Z", "2021-09-30"),
		"a time without a zone":      replace("2021-09-30T16:25:24.000Z", "2021-09-30T16:25:24"),
		"a fraction with a comma":    replace("24.000Z", "24,000Z"),
		"a day that is none":         replace("2021-10-30", "2021-10-32"),
		"a request id with a space":  replace("some-id_", "some id_"),
		"a resource that is none":    replace("- https://example.com/my-web2-claim.json", "- my claim"),
		"a resource without a dash":  replace("- https://example.com", "https://example.com"),
		"a text of 16 KiB":           whole + strings.Repeat("\n- https://example.com/", 1000),
	} {
		if m, err := Parse(text); err == nil {
			t.Errorf("%s is read as %+v", rule, m)
		}
	}
}

// TestASignatureIsRead is a signature that another implementation made (viem).
func TestASignatureIsRead(t *testing.T) {
	t.Parallel()
	const signature = "0xe0ed34fbbe927a58267ce2e8067a611c69869e20e731bc99187a8bc97058664c16de07f7660f06ce0985d1d8e063726783033fda59b307897f26a21392d62b3a1c"
	if got := signer("Hello World", signature); got != "0x14791697260E4c9A71f18484C9f997B308e59325" {
		t.Errorf("signed by %q", got)
	}
	if got := signer("Hello World", signature[:130]+"01"); got != "0x14791697260E4c9A71f18484C9f997B308e59325" {
		t.Errorf("with the parity alone: signed by %q", got)
	}
	for rule, other := range map[string]string{
		"no 0x": signature[2:], "short": signature[:130], "long": signature + "00", "no hex": signature[:130] + "zz", "no parity": signature[:130] + "1d", "a parity with EIP-155's chain": signature[:130] + "25",
		"r of 0": "0x" + strings.Repeat("0", 64) + signature[66:], "s of 0": signature[:66] + strings.Repeat("0", 64) + signature[130:], "r beyond the order": "0x" + strings.Repeat("f", 64) + signature[66:],
	} {
		if got := signer("Hello World", other); got != "" {
			t.Errorf("%s: signed by %s", rule, got)
		}
	}
}

// FuzzParse: whatever is read has everything that is acted on, and a message that is
// written down again is the same.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(strings.ReplaceAll(whole, "\n", "\r\n"))
	f.Add(whole[:200])
	f.Add("a wants you to sign in with your Ethereum account:\n0x0000000000000000000000000000000000000000\n\nURI: a:b\nVersion: 1\nChain ID: 1\nNonce: 12345678\nIssued At: 2021-09-30T16:25:24Z")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse(text)
		if err != nil {
			return
		}
		if m.Domain == "" || strings.ContainsAny(m.Domain, "/ \n") || len(m.Address) != 42 || m.ChainID < 1 || !isNonce(m.Nonce) || m.IssuedAt.IsZero() && !strings.Contains(text, "0001-01-01") {
			t.Fatalf("%q is read as %+v", text, m)
		}
		for _, line := range []string{"URI: " + m.URI, "Version: 1", "Nonce: " + m.Nonce} {
			if n := strings.Count("\n"+text+"\n", "\n"+line+"\n"); n != 1 {
				t.Fatalf("%q has %q %d times", text, line, n)
			}
		}
	})
}
