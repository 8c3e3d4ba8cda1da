"""A board made up for looking around: columns, people, weeks of plausible flow and lessons."""
