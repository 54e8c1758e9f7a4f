package avatar_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"strings"
	"testing"

	"authd/auth/internal/testkit"
)

// upload sends a file to the account page's form, under a name and type that lie.
func upload(t *testing.T, c *testkit.Client, file []byte) *testkit.Answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("picture", "../../x.html")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return c.Do("POST", "./account/avatar", form.FormDataContentType(), body.String())
}

// halves is an image whose top is red and whose bottom is blue.
func halves(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{R: 255, A: 255}
			if y >= height/2 {
				c = color.NRGBA{B: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encoded(t *testing.T, encode func(b *bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t *testing.T, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

func asJPEG(t *testing.T, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) })
}

// held is a JPEG that says how its camera was held, and where it was.
func held(t *testing.T, m image.Image, orientation byte) []byte {
	file := asJPEG(t, m)
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00SECRET-PLACE")
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return append(append(append([]byte{}, file[:2]...), segment...), file[2:]...)
}

func imageOf(c *testkit.Client) string { return c.Get("/get-session").Field("user.image") }

func TestAnUploadedPictureIsMadeAnew(t *testing.T) {
	for name, test := range map[string]struct {
		file []byte
		kind string
		top  color.NRGBA // of its upper left
	}{
		"a wide PNG":              {asPNG(t, halves(700, 300)), "image/jpeg", color.NRGBA{R: 255, A: 255}},
		"a JPEG upside down":      {held(t, halves(300, 300), 3), "image/jpeg", color.NRGBA{B: 255, A: 255}},
		"a GIF":                   {encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, halves(20, 20), nil) }), "image/jpeg", color.NRGBA{R: 255, A: 255}},
		"one with holes":          {asPNG(t, image.NewNRGBA(image.Rect(0, 0, 300, 300))), "image/png", color.NRGBA{}},
		"a single pixel":          {asPNG(t, halves(1, 1)), "image/jpeg", color.NRGBA{B: 255, A: 255}},
		"a JPEG with a long tail": {append(asJPEG(t, halves(300, 300)), strings.Repeat("<script>", 1000)...), "image/jpeg", color.NRGBA{R: 255, A: 255}},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.Start(t, "")
			c := s.SignUp("a@example.com")
			upload(t, c, test.file).Is(303, "")
			address := imageOf(c)
			if !strings.HasPrefix(address, s.URL+"/avatar/") {
				t.Fatal(address)
			}
			a := s.Client().Do("GET", address, "", "").Is(200, "")
			if a.Header.Get("Content-Type") != test.kind || a.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") ||
				!strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Fatal(a.Header)
			}
			m, _, err := image.Decode(strings.NewReader(a.Body))
			if err != nil || m.Bounds().Dx() != m.Bounds().Dy() || m.Bounds().Dx() > 256 {
				t.Fatal(err, m.Bounds())
			}
			got := color.NRGBAModel.Convert(m.At(0, 0)).(color.NRGBA)
			if far(got.R, test.top.R) || far(got.B, test.top.B) || got.A != test.top.A {
				t.Fatalf("%v, want about %v", got, test.top)
			}
			if strings.Contains(a.Body, "SECRET-PLACE") || strings.Contains(a.Body, "<script>") {
				t.Fatal("something hidden is served")
			}
			if body := c.Get("./account").Body; !strings.Contains(body, `src="/avatar/`) {
				t.Fatal("the page does not show it")
			}
		})
	}
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 12 }

// claims is the beginning of a PNG that says it is that large.
func claims(width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	header = append(binary.BigEndian.AppendUint32(header, height), 8, 6, 0, 0, 0)
	file := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(file, header...), crc32.ChecksumIEEE(header))
}

func TestUploadsThatAreRefused(t *testing.T) {
	s := testkit.Start(t, "")
	c := s.SignUp("a@example.com")
	upload(t, c, asPNG(t, halves(10, 10))).Is(303, "")
	before := imageOf(c)
	for name, test := range map[string]struct {
		file   []byte
		status int
	}{
		"no image":                           {[]byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), 422},
		"nothing":                            {nil, 422},
		"a small file with a million pixels": {claims(60_000, 60_000), 422},
		"a side that is longest":             {claims(1<<31-1, 1), 422},
		"a JPEG that breaks off":             {asJPEG(t, halves(300, 300))[:700], 422},
		"a file of nine megabytes":           {make([]byte, 9<<20), 413},
	} {
		t.Run(name, func(t *testing.T) {
			upload(t, c, test.file).Is(test.status, "")
			if imageOf(c) != before {
				t.Fatal("the picture changed")
			}
		})
	}
	c.Do("POST", "./account/avatar", "multipart/form-data", "x").Is(400, "")
	if to := upload(t, s.Client(), asPNG(t, halves(10, 10))).Is(303, "").Header.Get("Location"); !strings.HasPrefix(to, "/login") {
		t.Fatal(to)
	}
}

func TestAPictureThatIsTakenAwayIsGone(t *testing.T) {
	s := testkit.Start(t, "")
	c, other := s.SignUp("a@example.com"), s.SignUp("b@example.com")
	upload(t, other, asPNG(t, halves(10, 10))).Is(303, "")
	for name, take := range map[string]func(){
		"on the page":                func() { c.Form("./account/avatar/remove", nil).Is(303, "") },
		"by another upload":          func() { upload(t, c, asPNG(t, halves(30, 30))).Is(303, "") },
		"by the API":                 func() { c.Post("/update-user", map[string]any{"image": nil}).Is(200, "") },
		"by an address of one's own": func() { c.Post("/update-user", map[string]any{"image": "https://x.example/a.png"}).Is(200, "") },
		"with the account": func() {
			c.Post("/delete-user", map[string]any{"password": testkit.Password}).Is(200, "")
			c = s.SignUp("a@example.com")
		},
	} {
		upload(t, c, asPNG(t, halves(10, 10))).Is(303, "")
		address := imageOf(c)
		take()
		if s.Client().Do("GET", address, "", "").Status != 404 {
			t.Errorf("%s: still served", name)
		}
	}
	s.Client().Do("GET", imageOf(other), "", "").Is(200, "")
}
