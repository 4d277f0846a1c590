//! Where strings end.

use super::skip::escape;

const BLOCK: usize = 64;
const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = ONES << 7;
/// Gathers the lowest bits of eight bytes in the highest byte, that of the lowest byte first.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// A body, and where strings could end in the 64 bytes last looked at. All 64 are looked at
/// together, since a search from string to string would wait for each to end before the next.
pub(super) struct Texts<'b> {
    pub(super) body: &'b [u8],
    block: usize,
    /// A bit for every quote, backslash and control character of the block, and for every byte
    /// behind the body's end.
    stops: u64,
}

impl<'b> Texts<'b> {
    pub(super) const fn new(body: &'b [u8]) -> Self {
        Self {
            body,
            block: usize::MAX,
            stops: 0,
        }
    }

    /// From behind the opening quote to the closing one, and whether there are escapes in between.
    #[inline(always)]
    pub(super) fn end(&mut self, mut at: usize) -> Option<(usize, bool)> {
        let mut escaped = false;
        loop {
            if at / BLOCK != self.block {
                self.look(at / BLOCK);
            }
            let stops = self.stops >> (at % BLOCK);
            if stops == 0 {
                at = (at / BLOCK + 1) * BLOCK;
                continue;
            }
            at += stops.trailing_zeros() as usize;
            match self.body.get(at)? {
                b'"' => return Some((at, escaped)),
                b'\\' => {
                    at = escape(self.body, at + 1)?;
                    escaped = true;
                }
                _ => return None,
            }
        }
    }

    fn look(&mut self, block: usize) {
        let rest = self.body.get(block * BLOCK..).unwrap_or_default();
        self.block = block;
        self.stops = match rest.first_chunk() {
            Some(whole) => stops(whole),
            None => {
                let mut padded = [0; BLOCK];
                for (byte, padded) in rest.iter().zip(&mut padded) {
                    *padded = *byte;
                }
                stops(&padded)
            }
        };
    }
}

#[inline(always)]
fn stops(block: &[u8; BLOCK]) -> u64 {
    let (words, _) = block.as_chunks();
    words.iter().rev().fold(0, |stops, word| {
        let word = u64::from_le_bytes(*word);
        // Without their high bits no byte's sum reaches into the next one. A sum has its high bit
        // when the byte is not a quote, not a backslash, at least 0x20.
        let low = word & !HIGH;
        let no_quote = (low ^ (ONES * 0x22)) + !HIGH;
        let no_backslash = (low ^ (ONES * 0x5c)) + !HIGH;
        let no_control = low + ONES * 0x60;
        let hits = !((no_quote & no_backslash & no_control) | word) & HIGH;
        stops << 8 | (hits >> 7).wrapping_mul(GATHER) >> 56
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_of_a_block() {
        for around in [b'x', 0xff, b'"'] {
            for place in 0..BLOCK {
                for byte in 0..=u8::MAX {
                    let mut block = [around; BLOCK];
                    block[place] = byte;
                    let expected = block.iter().rev().fold(0, |stops, byte| {
                        stops << 1 | u64::from(matches!(byte, b'"' | b'\\' | 0..=0x1f))
                    });
                    assert_eq!(stops(&block), expected, "{byte} at {place}");
                }
            }
        }
    }
}
