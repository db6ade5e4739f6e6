# Scripts that check the source tree and its objects.
