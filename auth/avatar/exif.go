package avatar

import (
	"bytes"
	"encoding/binary"
)

// orientation reads how a camera was held from a JPEG's Exif segment: 1 to 8, 1
// where nothing says otherwise. Nothing else of the segment is looked at.
func orientation(file []byte) int {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, length := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		end := at + 2 + length
		if length < 2 || end > len(file) || marker == 0xda { // the image itself begins
			return 1
		}
		if tiff, ok := bytes.CutPrefix(file[at+4:end], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return orientationOf(tiff)
		}
		at = end
	}
	return 1
}

func orientationOf(tiff []byte) int {
	const tag, entry = 0x0112, 12
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > len(tiff) {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	at += 2
	for ; count > 0 && at+entry <= len(tiff); count-- {
		if order.Uint16(tiff[at:]) == tag {
			if held := int(order.Uint16(tiff[at+8:])); held >= 1 && held <= 8 {
				return held
			}
			return 1
		}
		at += entry
	}
	return 1
}
