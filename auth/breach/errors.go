package breach

import (
	"errors"
	"io/fs"
	"net/url"
)

// hideURL takes the address out of an error of the network: its end is a part of a
// password's hash.
func hideURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// hidePath does so for the name of a range file.
func hidePath(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
