package avatar

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // what may be uploaded
	"image/jpeg"
	"image/png"
)

const (
	side = 256 // of what is served, in pixels
	// mostPixels bounds the memory that decoding takes: those of a phone's camera,
	// and fewer where a pixel takes eight bytes.
	mostPixels     = 26_000_000
	mostPixelsDeep = 8_000_000
	quality        = 85
)

// picture is an image as it is served.
type picture struct {
	kind string
	data []byte
}

// check looks at what a file says it is, without decoding it.
func check(file []byte) error {
	header, kind, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil || header.Width < 1 || header.Height < 1 {
		return ErrNotAnImage
	}
	most := mostPixels
	if kind != "jpeg" {
		most = mostPixelsDeep
	}
	if header.Width > most || header.Height > most || header.Width*header.Height > most {
		return ErrTooManyPixels
	}
	return nil
}

// small makes a square of a file: its middle, the right way up.
func small(file []byte) (*picture, error) {
	whole, kind, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, ErrNotAnImage
	}
	pixels, ok := whole.(image.RGBA64Image)
	if !ok { // every decoder of the standard library makes one
		return nil, ErrNotAnImage
	}
	square := shrink(pixels)
	if kind == "jpeg" {
		square = upright(square, orientation(file))
	}
	var out bytes.Buffer
	p := &picture{kind: "image/jpeg"}
	if square.Opaque() {
		err = jpeg.Encode(&out, square, &jpeg.Options{Quality: quality})
	} else {
		p.kind, err = "image/png", png.Encode(&out, square)
	}
	if err != nil {
		return nil, fmt.Errorf("encode a picture: %w", err)
	}
	p.data = out.Bytes()
	return p, nil
}

// shrink takes for each pixel the mean of those it stands for, in the middle
// square of the image.
func shrink(from image.RGBA64Image) *image.NRGBA {
	b := from.Bounds()
	edge := min(b.Dx(), b.Dy())
	left, top := b.Min.X+(b.Dx()-edge)/2, b.Min.Y+(b.Dy()-edge)/2
	size := min(side, edge)
	to := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			part := image.Rect(left+x*edge/size, top+y*edge/size, left+(x+1)*edge/size, top+(y+1)*edge/size)
			to.SetNRGBA(x, y, mean(from, part))
		}
	}
	return to
}

// mean is the mean colour of a part; what is transparent adds no colour.
func mean(from image.RGBA64Image, part image.Rectangle) color.NRGBA {
	var r, g, b, a, n uint64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			c := from.RGBA64At(x, y)
			r, g, b, a, n = r+uint64(c.R), g+uint64(c.G), b+uint64(c.B), a+uint64(c.A), n+1
		}
	}
	if a == 0 {
		return color.NRGBA{}
	}
	part8 := func(sum uint64) uint8 { return uint8(min(255, sum*255/a)) }
	return color.NRGBA{part8(r), part8(g), part8(b), uint8(a / n >> 8)}
}

// upright turns a photograph as its camera was held (Exif 2.32 §4.6.4, Orientation).
func upright(from *image.NRGBA, held int) *image.NRGBA {
	last := from.Bounds().Dx() - 1
	source := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return last - x, y },
		3: func(x, y int) (int, int) { return last - x, last - y },
		4: func(x, y int) (int, int) { return x, last - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, last - x },
		7: func(x, y int) (int, int) { return last - y, last - x },
		8: func(x, y int) (int, int) { return last - y, x },
	}[held]
	if source == nil {
		return from
	}
	to := image.NewNRGBA(from.Bounds())
	for y := range last + 1 {
		for x := range last + 1 {
			sx, sy := source(x, y)
			to.SetNRGBA(x, y, from.NRGBAAt(sx, sy))
		}
	}
	return to
}
