//! A set of postings' numbers. Most pairs of characters stand in a handful of postings, for which a bitmap with its containers is three times as
//! large as the numbers themselves.

use roaring::RoaringBitmap;

/// From here on a bitmap is smaller.
const FEW: usize = 48;

#[derive(Clone, Debug)]
pub(super) enum Set {
    /// Sorted.
    Few(Vec<u32>),
    Many(RoaringBitmap),
}

impl Default for Set {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Set {
    pub(super) fn insert(&mut self, n: u32) {
        match self {
            Self::Many(bitmap) => {
                bitmap.insert(n);
            }
            Self::Few(few) => {
                // New postings have the highest number.
                let at = if few.last().is_none_or(|last| *last < n) { Err(few.len()) } else { few.binary_search(&n) };
                if let Err(at) = at {
                    few.insert(at, n);
                }
                if few.len() > FEW {
                    *self = Self::Many(self.bitmap());
                }
            }
        }
    }

    pub(super) fn remove(&mut self, n: u32) {
        match self {
            Self::Many(bitmap) => {
                bitmap.remove(n);
            }
            Self::Few(few) => {
                if let Ok(at) = few.binary_search(&n) {
                    few.remove(at);
                }
            }
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Few(few) => few.len() as u64,
            Self::Many(bitmap) => bitmap.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn bitmap(&self) -> RoaringBitmap {
        match self {
            Self::Few(few) => RoaringBitmap::from_sorted_iter(few.iter().copied()).unwrap_or_default(),
            Self::Many(bitmap) => bitmap.clone(),
        }
    }

    /// What of `other` is in it.
    pub(super) fn and(&self, other: &RoaringBitmap) -> RoaringBitmap {
        match self {
            Self::Few(few) => RoaringBitmap::from_sorted_iter(few.iter().copied().filter(|n| other.contains(*n))).unwrap_or_default(),
            Self::Many(bitmap) => bitmap & other,
        }
    }

    pub(super) fn add_to(&self, sum: &mut RoaringBitmap) {
        match self {
            Self::Few(few) => sum.extend(few.iter().copied()),
            Self::Many(bitmap) => *sum |= bitmap,
        }
    }
}
